using System.Diagnostics;
using System.Net.Sockets;
using static Holdfast.Transport.Sockets.Epoll;

namespace Holdfast.Transport.Sockets;

/// <summary>
/// A thread that hears from the kernel which sockets can be read or written, and tells them right there: nothing that it tells may block. There are as many
/// as processors, shared by the whole process, and they end with it.
/// </summary>
internal sealed class ReadinessLoop
{
    private const int MostEvents = 512;
    private const Events Reading = Events.Readable | Events.PeerEnded | Events.EdgeTriggered;

    private static readonly Lazy<ReadinessLoop[]> All = new(() => [.. Enumerable.Range(0, Environment.ProcessorCount).Select(number => new ReadinessLoop(number))]);
    private static int _next;

    private readonly Epoll _epoll = new(MostEvents);
    private readonly Lock _lock = new();
    private readonly Stack<int> _free = new();
    private DirectSocket?[] _sockets = new DirectSocket?[64];
    private int _used;

    private ReadinessLoop(int number)
    {
        var thread = new Thread(Run) { IsBackground = true, Name = $"holdfast net {number}" };
        thread.Start();
    }

    /// <summary>Whether the operating system has what this needs.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>One of them, in turn.</summary>
    public static ReadinessLoop Next() => All.Value[(uint)Interlocked.Increment(ref _next) % (uint)All.Value.Length];

    /// <summary>Tells a socket from now on when it can be read.</summary>
    /// <param name="socket">The socket.</param>
    /// <returns>Its place, for the other calls.</returns>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public int Add(DirectSocket socket)
    {
        int place;
        lock (_lock)
        {
            if (!_free.TryPop(out place))
            {
                place = _used++;
                if (place == _sockets.Length)
                {
                    var larger = new DirectSocket?[_used * 2];
                    _sockets.CopyTo(larger, 0);
                    Volatile.Write(ref _sockets, larger);
                }
            }

            _sockets[place] = socket;
        }

        try
        {
            _epoll.Watch(socket.Socket, Reading, place);
        }
        catch
        {
            Remove(place);
            throw;
        }

        return place;
    }

    /// <summary>Tells a socket also when it can be written, at once if it can.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="place">Its place.</param>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void WatchWriting(Socket socket, int place) => _epoll.WatchFor(socket, Reading | Events.Writable, place);

    /// <summary>
    /// Tells a socket nothing more; the kernel forgets it when it is closed. What it has told before may still be told to the next one at this place, which
    /// looks and finds nothing.
    /// </summary>
    /// <param name="place">Its place.</param>
    public void Remove(int place)
    {
        lock (_lock)
        {
            _sockets[place] = null;
            _free.Push(place);
        }
    }

    private void Run()
    {
        var gathering = new Gathering();
        while (true)
        {
            var count = _epoll.Wait();
            var began = Stopwatch.GetTimestamp();
            for (var index = 0; index < count; index++)
            {
                var (events, place) = _epoll[index];
                if (Volatile.Read(ref _sockets)[place] is { } socket)
                {
                    gathering.Count(began - socket.LastEvent);
                    socket.LastEvent = began;
                    Tell(socket, events);
                }
            }

            if (gathering.EndTurn(began, Stopwatch.GetTimestamp()))
            {
                CommonTick.Wait(Gathering.Pause);
            }
        }
    }

    private static void Tell(DirectSocket socket, Events events)
    {
        const Events Over = Events.PeerEnded | Events.HangUp | Events.Error;
        if ((events & (Events.Writable | Over)) != 0)
        {
            socket.Writer.OnWritable();
        }

        if ((events & (Events.Readable | Over)) != 0)
        {
            socket.Reader.OnReadable(isOver: (events & Over) != 0);
        }
    }
}
