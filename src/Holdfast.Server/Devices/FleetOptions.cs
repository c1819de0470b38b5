using Holdfast.Device;

namespace Holdfast.Server.Devices;

/// <summary>What <c>fleet</c> simulates.</summary>
internal sealed record FleetOptions
{
    /// <summary>What all devices have in common; the id is the prefix of theirs.</summary>
    public required DeviceOptions Device { get; init; }

    /// <summary>How many devices.</summary>
    public int Devices { get; init; } = 100;

    /// <summary>How long they publish.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long what waits then may take to be stored.</summary>
    public TimeSpan Draining { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What they publish.</summary>
    public FleetProfile Profile { get; init; } = FleetProfile.All["telemetry"];

    /// <summary>How well they are connected.</summary>
    public LinkQuality Link { get; init; } = LinkQuality.All["good"];

    /// <summary>The mean time between the reboots of a device; null for none.</summary>
    public TimeSpan? RebootEvery { get; init; }

    /// <summary>Makes the same pauses, payloads and faults again.</summary>
    public int Seed { get; init; }

    /// <summary>Whether the result is printed as JSON.</summary>
    public bool Json { get; init; }
}

/// <summary>What a device publishes: events of a size, with random pauses around a mean, each so many at once.</summary>
/// <param name="Name">The name of the events.</param>
/// <param name="Interval">The mean pause.</param>
/// <param name="Burst">Events at once.</param>
/// <param name="PayloadBytes">Bytes of a payload.</param>
/// <param name="Priority">Their priority.</param>
internal sealed record FleetProfile(string Name, TimeSpan Interval, int Burst, int PayloadBytes, EventPriority Priority)
{
    /// <summary>The profiles, by name.</summary>
    public static IReadOnlyDictionary<string, FleetProfile> All { get; } = new Dictionary<string, FleetProfile>
    {
        ["telemetry"] = new("telemetry", TimeSpan.FromSeconds(10), 1, 100, EventPriority.Normal),
        ["chatty"] = new("vibration", TimeSpan.FromMilliseconds(500), 5, 40, EventPriority.Normal),
        ["alarm"] = new("alarm", TimeSpan.FromMinutes(1), 1, 60, EventPriority.Urgent),
    };
}
