using System.Net.Sockets;
using System.Text;
using Holdfast.Testing;

namespace Holdfast.Server.Tests.Serving;

/// <summary>What a node tells the service manager that has started it (sd_notify).</summary>
public sealed class SystemdTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task The_service_manager_hears_that_the_node_is_ready_alive_and_stopping()
    {
        using var directory = new TemporaryDirectory();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(directory.Below("notify")));
        await using var server = await ServerProcess.StartAsync(new ServerArguments(directory.Below("data")) { Tracer = ["env", $"NOTIFY_SOCKET={directory.Below("notify")}", "WATCHDOG_USEC=200000"] });

        await HearAsync(manager, "READY=1");
        await HearAsync(manager, "WATCHDOG=1");

        // Heard while it stops: a socket that nobody reads lets nobody write for long.
        var stopping = HearAsync(manager, "STOPPING=1");
        await server.TerminateAsync();
        await stopping;
    }

    /// <summary>Reads what has come until it says this.</summary>
    private static async Task HearAsync(Socket manager, string state)
    {
        var buffer = new byte[1024];
        while (true)
        {
            var length = await manager.ReceiveAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken);
            if (Encoding.UTF8.GetString(buffer, 0, length).Split('\n').Contains(state))
            {
                return;
            }
        }
    }
}
