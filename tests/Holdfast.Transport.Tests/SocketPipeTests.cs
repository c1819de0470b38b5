using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Holdfast.Transport.Sockets;

namespace Holdfast.Transport.Tests;

/// <summary>The reader and the writer that are a socket themselves.</summary>
public sealed class SocketPipeTests
{
    private const int Bytes = 4_000_000;
    private const int KernelBytes = 64 * 1024;

    /// <summary>The peer sends in pieces of any size; the reader takes what it likes, looks at the rest again or waits for more, and is disturbed now and then.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_is_read_is_what_was_sent_whatever_is_taken_at_a_time(int seed)
    {
        using var peer = await ConnectAsync();
        var reader = peer.Ours.Reader;
        var random = new Random(seed);
        var sending = SendAsync(peer.Theirs, new Random(seed + 100));
        var taken = 0;
        while (true)
        {
            if (random.Next(10) == 0)
            {
                reader.CancelPendingRead();
            }

            var result = await reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);
            var buffer = result.Buffer;
            if (result.IsCanceled)
            {
                reader.AdvanceTo(buffer.Start);
                continue;
            }

            var count = (int)Math.Min(buffer.Length, random.Next(3) switch { 0 => random.Next(100), 1 => random.Next(20_000), _ => int.MaxValue });
            foreach (var value in buffer.Slice(0, count).ToArray())
            {
                Assert.Equal(ByteAt(taken++), value);
            }

            // With everything examined the next read waits for more, however much is left.
            var waits = !result.IsCompleted && buffer.Length < 200_000 && random.Next(2) == 0;
            reader.AdvanceTo(buffer.GetPosition(count), waits && taken + buffer.Length - count < Bytes ? buffer.End : buffer.GetPosition(count));
            if (result.IsCompleted && count == buffer.Length)
            {
                break;
            }
        }

        await sending;
        Assert.Equal(Bytes, taken);
    }

    [Fact]
    public async Task Who_always_sends_does_not_keep_the_thread()
    {
        using var peer = await ConnectAsync();
        var reader = peer.Ours.Reader;
        var sending = SendAsync(peer.Theirs, new Random(1));
        var (inOneGo, longest, isOver) = (0, 0, false);
        while (!isOver)
        {
            var reading = reader.ReadAsync(TestContext.Current.CancellationToken);
            inOneGo = reading.IsCompleted ? inOneGo + 1 : 0;
            longest = Math.Max(longest, inOneGo);
            var result = await reading;
            isOver = result.IsCompleted;
            reader.AdvanceTo(result.Buffer.End);
        }

        await sending;
        Assert.InRange(longest, 1, 32);
    }

    [Fact]
    public async Task What_was_told_while_nobody_read_is_read_and_the_end_behind_it()
    {
        using var peer = await ConnectAsync();
        await peer.Theirs.SendAsync(new byte[] { 1, 2, 3 }, TestContext.Current.CancellationToken);
        peer.Theirs.Shutdown(SocketShutdown.Send);
        peer.Ours.Socket.Poll(TestServer.Limit, SelectMode.SelectRead);
        var first = await peer.Ours.Reader.ReadAsync(CancellationToken.None).AsTask().WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3], first.Buffer.ToArray());
        peer.Ours.Reader.AdvanceTo(first.Buffer.End);
        var second = await peer.Ours.Reader.ReadAsync(CancellationToken.None).AsTask().WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);
        Assert.True(second.IsCompleted && second.Buffer.IsEmpty);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_socket_that_is_cut_ends_the_read_and_the_flush_that_wait(bool isAborted)
    {
        using var peer = await ConnectAsync();
        var reading = peer.Ours.Reader.ReadAsync(CancellationToken.None).AsTask();
        peer.Ours.Writer.GetSpan(Bytes)[..Bytes].Clear();
        peer.Ours.Writer.Advance(Bytes);
        var flush = peer.Ours.Writer.FlushAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(reading.IsCompleted || flush.IsCompleted);
        if (isAborted)
        {
            peer.Ours.Abort();
        }
        else
        {
            peer.Ours.Dispose();
        }

        await Assert.ThrowsAsync<IOException>(() => reading.WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken));
        Assert.True((await flush.WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken)).IsCompleted);
    }

    [Fact]
    public async Task A_reset_ends_a_read_with_an_exception_and_every_read_after_it()
    {
        using var peer = await ConnectAsync();
        var reader = peer.Ours.Reader;
        var reading = reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();
        peer.Theirs.Close(0);
        await Assert.ThrowsAsync<IOException>(() => reading.WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<IOException>(async () => await reader.ReadAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_read_that_waits_can_be_cancelled_and_the_next_one_gets_what_comes()
    {
        using var peer = await ConnectAsync();
        var reader = peer.Ours.Reader;
        var first = reader.ReadAsync(CancellationToken.None).AsTask();
        reader.CancelPendingRead();
        Assert.True((await first).IsCanceled);
        using var cancel = new CancellationTokenSource();
        var second = reader.ReadAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await peer.Theirs.SendAsync(new byte[] { 1, 2, 3 }, TestContext.Current.CancellationToken);
        var third = await reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3], third.Buffer.ToArray());
    }

    [Fact]
    public async Task A_flush_is_done_when_the_kernel_has_taken_everything()
    {
        using var peer = await ConnectAsync();
        var writer = peer.Ours.Writer;
        Fill(writer.GetSpan(10), 0, 10);
        writer.Advance(10);
        Assert.True(writer.FlushAsync(TestContext.Current.CancellationToken).AsTask().IsCompletedSuccessfully);
        const int Rest = Bytes - 10;
        for (var written = 0; written < Rest;)
        {
            var span = writer.GetSpan(1000);
            var count = Math.Min(span.Length, Rest - written);
            Fill(span, 10 + written, count);
            writer.Advance(count);
            written += count;
        }

        // More than any socket buffer holds, and nobody reads.
        var flush = writer.FlushAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(flush.IsCompleted);
        await AssertReceivedAsync(peer.Theirs);
        Assert.False((await flush.WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken)).IsCompleted);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task What_is_written_at_once_follows_what_was_collected(int collected)
    {
        using var peer = await ConnectAsync();
        var writer = peer.Ours.Writer;
        var bytes = new byte[Bytes];
        Fill(bytes, 0, Bytes);
        bytes.AsSpan(0, collected).CopyTo(writer.GetSpan(10));
        writer.Advance(collected);

        // More than any socket buffer holds, and nobody reads; what was not taken is not the caller's any more.
        var flush = writer.WriteAsync(bytes.AsMemory(collected), TestContext.Current.CancellationToken).AsTask();
        Assert.False(flush.IsCompleted);
        Array.Clear(bytes);
        await AssertReceivedAsync(peer.Theirs);
        Assert.False((await flush.WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken)).IsCompleted);
        Assert.Equal(0, writer.UnflushedBytes);
    }

    [Fact]
    public async Task A_flush_to_a_socket_that_has_ended_says_so()
    {
        using var peer = await ConnectAsync();
        var writer = peer.Ours.Writer;
        writer.GetSpan(1000)[..1000].Clear();
        writer.Advance(1000);
        peer.Ours.Dispose();
        Assert.True((await writer.FlushAsync(TestContext.Current.CancellationToken)).IsCompleted);
        Assert.True((await writer.WriteAsync(new byte[10], TestContext.Current.CancellationToken)).IsCompleted);
    }

    private static async Task AssertReceivedAsync(Socket socket)
    {
        var received = new byte[Bytes];
        for (var count = 0; count < Bytes;)
        {
            count += await socket.ReceiveAsync(received.AsMemory(count), SocketFlags.None, TestContext.Current.CancellationToken).AsTask().WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken);
        }

        Assert.Equal(-1, Enumerable.Range(0, Bytes).Select(index => received[index] == ByteAt(index)).ToList().IndexOf(false));
    }

    private static byte ByteAt(int index) => (byte)(index * 7 / 3);

    private static void Fill(Span<byte> span, int from, int count)
    {
        for (var index = 0; index < count; index++)
        {
            span[index] = ByteAt(from + index);
        }
    }

    private static async Task SendAsync(Socket socket, Random random)
    {
        var piece = new byte[100_000];
        for (var sent = 0; sent < Bytes;)
        {
            var count = Math.Min(Bytes - sent, 1 + random.Next(random.Next(4) == 0 ? piece.Length : 400));
            Fill(piece, sent, count);
            for (var part = 0; part < count;)
            {
                part += await socket.SendAsync(piece.AsMemory(part, count - part), SocketFlags.None, TestContext.Current.CancellationToken);
            }

            sent += count;
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<Pair> ConnectAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();

        // Small buffers, so that the kernel takes a little only.
        var theirs = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = KernelBytes };
        await theirs.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        var ours = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        ours.SendBufferSize = KernelBytes;
        return new Pair(new DirectSocket(ours), theirs);
    }

    private sealed record Pair(DirectSocket Ours, Socket Theirs) : IDisposable
    {
        public void Dispose()
        {
            Ours.Dispose();
            Theirs.Dispose();
        }
    }
}
