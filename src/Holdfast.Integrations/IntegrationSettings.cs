using Holdfast.Integrations.Replays;

namespace Holdfast.Integrations;

/// <summary>What an integration of any kind needs besides its product, name and filter. Stored as JSON, with what its kind adds.</summary>
internal abstract record IntegrationSettings
{
    /// <summary>What the names of the events begin with; empty for all.</summary>
    public string EventPrefix { get; set; } = "";

    /// <summary>Whether nothing is carried until it is resumed.</summary>
    public bool Paused { get; set; }

    /// <summary>For a replay: what it replays.</summary>
    public ReplaySettings? Replay { get; set; }
}

/// <summary>Settings that were read or changed, or why they cannot be.</summary>
/// <param name="Settings">The settings; null when something is wrong.</param>
/// <param name="Field">The field that is wrong, in camel case.</param>
/// <param name="Problem">What is wrong with it and what to do; empty when nothing is.</param>
internal readonly record struct SettingsResult(IntegrationSettings? Settings, string Field = "", string Problem = "");
