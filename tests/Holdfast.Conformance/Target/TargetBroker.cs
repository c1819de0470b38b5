using System.Globalization;
using Holdfast.Conformance.Target;

[assembly: AssemblyFixture(typeof(TargetBroker))]

// The tests wait for the broker most of the time.
[assembly: Xunit.v3.Parallelization(MaxThreads = 12)]

namespace Holdfast.Conformance.Target;

/// <summary>The broker under test: the one that <c>HOLDFAST_CONFORMANCE_TARGET=host:port</c> names, else Holdfast's own, started for the run.</summary>
public sealed class TargetBroker : IAsyncLifetime
{
    private const string TargetVariable = "HOLDFAST_CONFORMANCE_TARGET";

    private static int _names;

    private ServerProcess? _server;

    /// <summary>The host name or address.</summary>
    public string Host { get; private set; } = "";

    /// <summary>The port for plain MQTT.</summary>
    public int Port { get; private set; }

    /// <summary>A name that no other test uses, now or in another run.</summary>
    public static string UniqueName(string prefix)
        => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{Environment.ProcessId}-{Interlocked.Increment(ref _names)}-{Random.Shared.Next():x}");

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable(TargetVariable) is { Length: > 0 } target)
        {
            var colon = target.LastIndexOf(':');
            Host = target[..colon];
            Port = int.Parse(target.AsSpan(colon + 1), CultureInfo.InvariantCulture);
            return;
        }

        _server = await ServerProcess.StartAsync();
        Host = _server.Listener.Host;
        Port = _server.Listener.Port;
    }

    public ValueTask DisposeAsync()
    {
        _server?.Dispose();
        return ValueTask.CompletedTask;
    }
}
