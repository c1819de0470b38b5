using System.Globalization;
using Holdfast.Conformance.Target;
using Holdfast.Testing;

[assembly: AssemblyFixture(typeof(TargetBroker))]

// The tests wait for the broker most of the time.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.All, MaxThreads = 24)]

namespace Holdfast.Conformance.Target;

/// <summary>
/// The broker under test: the one that <c>HOLDFAST_CONFORMANCE_TARGET=host:port</c> and <c>HOLDFAST_CONFORMANCE_WEBSOCKET=URL</c> name,
/// else Holdfast's own, started for the first test that needs it.
/// </summary>
public sealed class TargetBroker : IAsyncDisposable
{
    private const string TargetVariable = "HOLDFAST_CONFORMANCE_TARGET";
    private const string WebSocketVariable = "HOLDFAST_CONFORMANCE_WEBSOCKET";
    private const string WebSocketListener = "listening ws://";

    private static int _names;

    private readonly Lazy<Task<BrokerAddress>> _address;
    private readonly Lazy<Task<Uri?>> _webSocket;
    private readonly List<(ServerProcess Server, TemporaryDirectory Data)> _servers = [];

    public TargetBroker() => (_address, _webSocket) = (new(FindAsync), new(FindWebSocketAsync));

    /// <summary>Whether another broker than Holdfast's own is tested.</summary>
    public static bool IsForeign => Environment.GetEnvironmentVariable(TargetVariable) is { Length: > 0 };

    /// <summary>A name that no other test uses, now or in another run.</summary>
    public static string UniqueName(string prefix)
        => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{Environment.ProcessId}-{Interlocked.Increment(ref _names)}-{Random.Shared.Next():x}");

    /// <summary>Where it takes plain MQTT connections.</summary>
    public Task<BrokerAddress> AddressAsync() => _address.Value;

    /// <summary>Where it takes MQTT over WebSocket; null if another broker's listener is not named.</summary>
    public Task<Uri?> WebSocketAsync() => _webSocket.Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var (server, data) in _servers)
        {
            await server.DisposeAsync();
            data.Dispose();
        }
    }

    private async Task<BrokerAddress> FindAsync()
    {
        if (Environment.GetEnvironmentVariable(TargetVariable) is { Length: > 0 } target)
        {
            var colon = target.LastIndexOf(':');
            return new BrokerAddress(target[..colon], int.Parse(target.AsSpan(colon + 1), CultureInfo.InvariantCulture));
        }

        return new BrokerAddress("127.0.0.1", (await StartAsync()).MqttPort);
    }

    private async Task<Uri?> FindWebSocketAsync()
    {
        if (IsForeign)
        {
            return Environment.GetEnvironmentVariable(WebSocketVariable) is { Length: > 0 } url ? new Uri(url) : null;
        }

        var server = await StartAsync("--listen", "ws://127.0.0.1:0");
        var line = server.Output.Split('\n').First(line => line.StartsWith(WebSocketListener, StringComparison.Ordinal));
        return new Uri(line["listening ".Length..].Trim());
    }

    private async Task<ServerProcess> StartAsync(params string[] options)
    {
        var data = new TemporaryDirectory();
        var server = await ServerProcess.StartAsync(new ServerArguments(data.Path) { Options = options });
        lock (_servers)
        {
            _servers.Add((server, data));
        }

        return server;
    }
}

/// <summary>A host and a port.</summary>
public sealed record BrokerAddress(string Host, int Port);
