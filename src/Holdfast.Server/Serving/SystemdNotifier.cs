using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Holdfast.Server.Serving;

/// <summary>Tells systemd how the node is, when it runs as a service of <c>Type=notify</c> (sd_notify): ready, stopping, and alive as often as <c>WatchdogSec</c> asks for.</summary>
internal sealed class SystemdNotifier : IAsyncDisposable
{
    private const string SocketVariable = "NOTIFY_SOCKET";
    private const string WatchdogVariable = "WATCHDOG_USEC";

    private readonly string? _path = Environment.GetEnvironmentVariable(SocketVariable) is { Length: > 0 } path ? path : null;
    private readonly CancellationTokenSource _stopping = new();
    private Task _watching = Task.CompletedTask;

    /// <summary>The node takes clients.</summary>
    public void Ready()
    {
        Send("READY=1");
        if (_path is not null && long.TryParse(Environment.GetEnvironmentVariable(WatchdogVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0)
        {
            _watching = WatchAsync(TimeSpan.FromMicroseconds(microseconds) / 2);
        }
    }

    /// <summary>The node drains.</summary>
    public void Stopping() => Send("STOPPING=1");

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>From the thread pool: when that is stuck, so is the node.</summary>
    private async Task WatchAsync(TimeSpan interval)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                Send("WATCHDOG=1");
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private void Send(string state)
    {
        if (_path is null)
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.ASCII.GetBytes(state), new UnixDomainSocketEndPoint(_path[0] == '@' ? '\0' + _path[1..] : _path));
        }
        catch (SocketException)
        {
            // Whoever has started the process does not listen any more; the node goes on.
        }
    }
}
