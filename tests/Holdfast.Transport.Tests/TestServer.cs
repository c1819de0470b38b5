using System.Net;
using Holdfast.Broker;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Limits;
using Holdfast.Log.Partitions;
using Holdfast.Log.TestKit;
using Holdfast.Log.TestKit.State;
using Holdfast.Transport.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Transport.Tests;

/// <summary>A broker behind real sockets, on a free port of the loopback interface.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly BrokerMetrics _metrics = new();
    private MqttServer _server = null!;

    public BrokerNode Node { get; private set; } = null!;

    public BrokerMetrics Metrics => _metrics;

    /// <summary>Changes the registry; the clients of the tests are anonymous, so they belong to the product <c>default</c>.</summary>
    public IdentityAdministration Administration { get; private set; } = null!;

    public IPEndPoint EndPoint { get; private set; } = null!;

    /// <summary>What the only listener speaks.</summary>
    public Carrier Carrier { get; private init; }

    public static async Task<TestServer> StartAsync(
        BrokerOptions? options = null, TimeProvider? time = null, Carrier carrier = Carrier.Tcp, TlsTermination? tls = null, ClientLimits? limits = null, params string[] allowedOrigins)
    {
        var server = new TestServer { Carrier = carrier };
        var state = new MemoryStateStore();
        options ??= new BrokerOptions();
        time ??= TimeProvider.System;
        server.Node = await BrokerNode.StartAsync(
            options,
            new BrokerStores(new MemoryPartitionLog(), state, state, RetentionPolicy.Default, Identities: new MemoryIdentityStore()),
            server._metrics,
            time,
            NullLogger.Instance,
            static exception => Environment.FailFast("The broker is fatal.", exception),
            CancellationToken.None);
        server.Administration = new IdentityAdministration(server.Node.Identities, time);
        var listener = new MqttListener(new IPEndPoint(IPAddress.Loopback, 0), AllowAnonymous: true)
        {
            Limits = limits ?? ClientLimits.None,
            Tls = carrier is Carrier.Tls or Carrier.WebSocketOverTls ? tls ?? TestCertificate.Termination.Value : null,
            WebSocket = carrier is Carrier.WebSocket or Carrier.WebSocketOverTls ? new WebSocketSettings("/mqtt", allowedOrigins) : null,
        };
        server._server = new MqttServer(server.Node, [listener], options.MaximumPacketSize, time, NullLoggerFactory.Instance);
        await server._server.StartAsync(CancellationToken.None);
        server.EndPoint = server._server.EndPoints.Single();
        return server;
    }

    /// <summary>Waits until the broker has so many connections left.</summary>
    public Task UntilConnectionsAsync(int count, Action? each = null) => UntilAsync(() => Node.ConnectionCount, count, each);

    /// <summary>Waits until so many connections are left on the network.</summary>
    public Task UntilSocketsAsync(int count, Action? each = null) => UntilAsync(() => _server.ConnectionCount, count, each);

    private static async Task UntilAsync(Func<int> read, int count, Action? each)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (var left = Limit; read() != count; left -= timer.Period)
        {
            Assert.True(left > TimeSpan.Zero, $"{read()} connections are left instead of {count}.");
            each?.Invoke();
            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await Node.DisposeAsync();
        _metrics.Dispose();
    }
}
