namespace Holdfast.Server.Bench.Connections;

/// <summary>Who connects.</summary>
/// <param name="ClientId">The client identifier.</param>
internal readonly record struct BenchClient(string ClientId)
{
    /// <summary>How long a kept session waits for its client, in seconds.</summary>
    public const uint KeptSeconds = 3600;

    /// <summary>Whether a session of earlier is removed first.</summary>
    public bool CleanStart { get; init; } = true;

    /// <summary>Whether the session outlives the connection.</summary>
    public bool KeepSession { get; init; }
}
