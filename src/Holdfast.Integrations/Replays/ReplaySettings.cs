using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Holdfast.Integrations.Replays;

/// <summary>What a replay replays.</summary>
internal sealed record ReplaySettings
{
    /// <summary>The integration whose events are sent again.</summary>
    [JsonRequired]
    public string Of { get; set; } = "";

    /// <summary>The device; null for all.</summary>
    public string? Device { get; set; }

    /// <summary>The first time of receipt; null for the oldest.</summary>
    public DateTimeOffset? From { get; set; }

    /// <summary>The time after the last one; null for when the replay was made.</summary>
    public DateTimeOffset? To { get; set; }

    /// <summary>The only offsets of each partition; null for all.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "Plain data.")]
    public long[][]? Places { get; set; }

    /// <summary>For each partition the offset where it ends.</summary>
    [JsonRequired]
    [SuppressMessage("Performance", "CA1819", Justification = "Plain data.")]
    public long[] Ends { get; set; } = [];

    /// <summary>Whether it sends the dead letters, which are taken from the list as they are delivered.</summary>
    public bool DeadLetters { get; set; }
}
