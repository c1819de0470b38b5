using Holdfast.Log.Postgres;

namespace Holdfast.Testing.Postgres;

/// <summary>The server of all tests that do not harm theirs. Each test has a schema of its own.</summary>
public sealed class SharedServer : IDisposable
{
    private static int _schemas;
    private static SharedServer? _instance;

    public SharedServer()
    {
        Server = PostgresServer.Create();
        _instance = this;
    }

    /// <summary>The server.</summary>
    public PostgresServer Server { get; }

    /// <summary>Options for a schema that nobody else uses.</summary>
    public static PostgresOptions NewOptions() => OptionsFor(_instance!.Server);

    /// <summary>Options for a new schema on a server.</summary>
    public static PostgresOptions OptionsFor(PostgresServer server) => new()
    {
        ConnectionString = server.ConnectionString,
        Schema = $"test_{Interlocked.Increment(ref _schemas)}",
        PartitionCount = 4,
        SegmentBytes = 1024 * 1024,
        RecentBytes = 0, // What the tests want to see is what the database has.
        LockTimeout = TimeSpan.FromMilliseconds(500),
        Durability = DurabilityPolicy.AcceptAsynchronous,
    };

    public void Dispose() => Server.Dispose();
}
