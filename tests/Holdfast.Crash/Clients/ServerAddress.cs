using System.Net;

namespace Holdfast.Crash.Clients;

/// <summary>Where the server listens in each of its lives. Clients that find nobody there wait for the next life; nobody polls.</summary>
internal sealed class ServerAddress
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _life;
    private int _port;

    public void Announce(int port)
    {
        lock (_lock)
        {
            _life++;
            _port = port;
            _next.SetResult();
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>The way of one client to the server.</summary>
    public IRoute Route() => new LifeRoute(this);

    /// <summary>The server's newest life, once it is later than the one given.</summary>
    public async Task<(int Life, int Port)> AfterAsync(int life, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task next;
            lock (_lock)
            {
                if (_life > life)
                {
                    return (_life, _port);
                }

                next = _next.Task;
            }

            await next.WaitAsync(cancellationToken);
        }
    }

    // When nobody listens any more, that life is over.
    private sealed class LifeRoute(ServerAddress address) : IRoute
    {
        private int _over;
        private int _life;

        public async Task<IPEndPoint> NextAsync(ConnectionEnd? last, CancellationToken cancellationToken)
        {
            _over = last == ConnectionEnd.NobodyThere ? _life : _over;
            (_life, var port) = await address.AfterAsync(_over, cancellationToken);
            return new IPEndPoint(IPAddress.Loopback, port);
        }
    }
}
