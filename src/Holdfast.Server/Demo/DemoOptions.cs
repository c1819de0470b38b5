namespace Holdfast.Server.Demo;

/// <summary>What <c>holdfast demo</c> was asked for.</summary>
internal sealed record DemoOptions
{
    /// <summary>How long the devices publish; halfway the broker is killed.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Simulated devices.</summary>
    public int Devices { get; init; } = 100;

    /// <summary>Each device publishes about so often.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long to wait at the end until everything acknowledged is delivered.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where the clients' journals are written, or null.</summary>
    public string? JournalDirectory { get; init; }

    /// <summary>Makes devices, payloads and pauses the same again.</summary>
    public int Seed { get; init; }

    /// <summary>Whether the result is JSON.</summary>
    public bool Json { get; init; }
}
