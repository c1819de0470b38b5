using System.IO.Pipelines;
using System.Net.Sockets;

namespace Holdfast.Transport.Sockets;

/// <summary>A connected socket whose pipes are itself: no bytes are moved from one buffer to another, and no loop waits on either side.</summary>
internal sealed class DirectSocket : IDuplexPipe, IDisposable
{
    private readonly ReadinessLoop _loop = ReadinessLoop.Next();
    private readonly int _place;
    private int _isClosed;

    /// <param name="socket">A connected socket, which ends with this.</param>
    /// <exception cref="ObjectDisposedException">It has ended already.</exception>
    public DirectSocket(Socket socket)
    {
        socket.Blocking = false;
        Socket = socket;
        Reader = new SocketReader(socket);
        Writer = new SocketWriter(this);
        _place = _loop.Add(this);
    }

    public Socket Socket { get; }

    public SocketReader Reader { get; }

    public SocketWriter Writer { get; }

    /// <summary>When it last had something, in ticks of the stopwatch. Belongs to the loop.</summary>
    public long LastEvent { get; set; }

    PipeReader IDuplexPipe.Input => Reader;

    PipeWriter IDuplexPipe.Output => Writer;

    /// <summary>Tells the writer when there is room, at once if there is.</summary>
    /// <exception cref="ObjectDisposedException">The socket has ended.</exception>
    public void WatchWriting() => _loop.WatchWriting(Socket, _place);

    /// <summary>Cuts the connection: the peer sees a reset. What waits ends, elsewhere.</summary>
    public void Abort()
    {
        Socket.Close(0);
        EndWaiting();
    }

    /// <summary>Ends the connection in order. Nobody reads any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
        {
            return;
        }

        _loop.Remove(_place);
        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer was faster.
        }

        Socket.Dispose();
        EndWaiting();
        Reader.Complete();
    }

    private void EndWaiting()
    {
        Reader.OnClosed();
        ThreadPool.UnsafeQueueUserWorkItem(static writer => writer.OnWritable(), Writer, preferLocal: false);
    }
}
