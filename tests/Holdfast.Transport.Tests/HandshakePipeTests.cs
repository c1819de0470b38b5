using System.IO.Pipelines;
using Holdfast.Transport.Tls;

namespace Holdfast.Transport.Tests;

public sealed class HandshakePipeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_follows_a_read_leaves_the_thread_that_completed_it_until_the_handshake_is_over(bool isOver)
    {
        using var places = new HandshakePlaces(1);
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var handshake = new HandshakePipe(new Duplex(pipe.Reader, pipe.Writer), places);
        if (isOver)
        {
            handshake.EndHandshake();
        }

        var reading = ReadingThreadAsync(handshake.Input);
        Thread io = new(() => pipe.Writer.WriteAsync(new byte[1]).AsTask().Wait()) { IsBackground = true };
        io.Start();
        Assert.Equal(isOver, io == await reading.WaitAsync(TestServer.Limit, TestContext.Current.CancellationToken));
    }

    private static async Task<Thread> ReadingThreadAsync(PipeReader input)
    {
        await input.ReadAsync().ConfigureAwait(false);
        return Thread.CurrentThread;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
