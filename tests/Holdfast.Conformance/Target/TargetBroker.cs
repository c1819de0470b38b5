using System.Globalization;
using Holdfast.Conformance.Target;
using Holdfast.Testing;

[assembly: AssemblyFixture(typeof(TargetBroker))]

// The tests wait for the broker most of the time.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.All, MaxThreads = 24)]

namespace Holdfast.Conformance.Target;

/// <summary>
/// The broker under test: the one that <c>HOLDFAST_CONFORMANCE_TARGET=host:port</c> names, else Holdfast's own, started for the first test
/// that needs it.
/// </summary>
public sealed class TargetBroker : IAsyncDisposable
{
    private const string TargetVariable = "HOLDFAST_CONFORMANCE_TARGET";

    private static int _names;

    private readonly Lazy<Task<BrokerAddress>> _address;
    private TemporaryDirectory? _data;
    private ServerProcess? _server;

    public TargetBroker() => _address = new Lazy<Task<BrokerAddress>>(FindAsync);

    /// <summary>Whether another broker than Holdfast's own is tested.</summary>
    public static bool IsForeign => Environment.GetEnvironmentVariable(TargetVariable) is { Length: > 0 };

    /// <summary>A name that no other test uses, now or in another run.</summary>
    public static string UniqueName(string prefix)
        => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{Environment.ProcessId}-{Interlocked.Increment(ref _names)}-{Random.Shared.Next():x}");

    /// <summary>Where it takes plain MQTT connections.</summary>
    public Task<BrokerAddress> AddressAsync() => _address.Value;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
            _data!.Dispose();
        }
    }

    private async Task<BrokerAddress> FindAsync()
    {
        if (Environment.GetEnvironmentVariable(TargetVariable) is { Length: > 0 } target)
        {
            var colon = target.LastIndexOf(':');
            return new BrokerAddress(target[..colon], int.Parse(target.AsSpan(colon + 1), CultureInfo.InvariantCulture));
        }

        _data = new TemporaryDirectory();
        _server = await ServerProcess.StartAsync(new ServerArguments(_data.Path));
        return new BrokerAddress("127.0.0.1", _server.MqttPort);
    }
}

/// <summary>A host and a port.</summary>
public sealed record BrokerAddress(string Host, int Port);
