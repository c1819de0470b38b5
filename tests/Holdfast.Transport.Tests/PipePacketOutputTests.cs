using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Holdfast.Transport.Tests;

public sealed class PipePacketOutputTests
{
    /// <summary>Several threads write packets of any size and flush now and then, while the peer reads in fits and starts.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Packets_of_concurrent_writers_stay_whole_and_in_the_order_of_each_writer(int seed)
    {
        const int Writers = 4;
        const int PacketsEach = 4000;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
        var output = new PipePacketOutput(new PipeChannel(pipe));
        var writing = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => Write(output, writer, PacketsEach, new Random((seed * 10) + writer)))).ToArray();
        var last = new int[Writers];
        var random = new Random(seed);
        var count = 0;
        while (count < Writers * PacketsEach)
        {
            var result = await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);
            var rest = result.Buffer;
            while (rest.Length >= 12 && random.Next(20) > 0)
            {
                var header = new byte[12];
                System.Buffers.BuffersExtensions.CopyTo(rest.Slice(0, 12), header);
                var (length, writer, number) = (BinaryPrimitives.ReadInt32LittleEndian(header), header[4], BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8)));
                if (rest.Length < length)
                {
                    break;
                }

                foreach (var segment in rest.Slice(12, length - 12))
                {
                    Assert.True(segment.Span.IndexOfAnyExcept(writer) < 0, $"Seed {seed}: packet {number} of writer {writer} is torn.");
                }

                Assert.Equal(++last[writer], number);
                rest = rest.Slice(length);
                count++;
            }

            pipe.Reader.AdvanceTo(rest.Start);
            if (count < Writers * PacketsEach && writing.All(task => task.IsCompleted))
            {
                output.Flush();
            }
        }

        await Task.WhenAll(writing);
    }

    [Fact]
    public async Task It_is_clogged_until_the_peer_reads_and_what_waited_is_sent_then()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
        var output = new PipePacketOutput(new PipeChannel(pipe));
        Put(output, 0, 1, 100);
        Assert.False(output.IsClogged);
        output.Flush();
        Assert.True(output.IsClogged);
        Put(output, 0, 2, 100);
        output.Flush();
        var drained = output.WhenDrainedAsync();
        Assert.False(drained.IsCompleted);
        var received = 0L;
        while (received < 200)
        {
            var result = await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken);
            received += result.Buffer.Length;
            pipe.Reader.AdvanceTo(result.Buffer.End);
        }

        await drained.WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);
        Assert.False(output.IsClogged);
    }

    [Fact]
    public async Task After_the_end_nothing_is_written_and_nobody_waits()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
        var output = new PipePacketOutput(new PipeChannel(pipe));
        Put(output, 0, 1, 100);
        output.Flush();
        var drained = output.WhenDrainedAsync();
        _ = output.EndAsync();
        await drained.WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);
        Assert.True(output.BeginWrite(10).IsEmpty);
        output.EndWrite(0);
        Assert.False(output.IsClogged);
        output.Flush();
    }

    private static void Write(PipePacketOutput output, int writer, int packets, Random random)
    {
        for (var number = 1; number <= packets; number++)
        {
            Put(output, (byte)writer, number, random.Next(12, random.Next(50) == 0 ? 20_000 : 200));
            if (random.Next(5) == 0)
            {
                output.Flush();
            }
        }

        output.Flush();
    }

    private static void Put(PipePacketOutput output, byte writer, int number, int length)
    {
        var place = output.BeginWrite(length);
        BinaryPrimitives.WriteInt32LittleEndian(place, length);
        place[4] = writer;
        BinaryPrimitives.WriteInt32LittleEndian(place[8..], number);
        place[12..length].Fill(writer);
        output.EndWrite(length);
    }
}
