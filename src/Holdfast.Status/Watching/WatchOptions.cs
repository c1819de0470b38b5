using System.Net;

namespace Holdfast.Status.Watching;

/// <summary>What a watcher looks at.</summary>
/// <param name="Component">What the page calls it.</param>
/// <param name="Address">Where it is: mqtt, mqtts, ws, wss, http or https; user and password in it are used for MQTT.</param>
public sealed record WatchTarget(string Component, Uri Address);

/// <summary>How a watcher works.</summary>
public sealed record WatchOptions
{
    /// <summary>What it looks at.</summary>
    public required IReadOnlyList<WatchTarget> Targets { get; init; }

    /// <summary>From the beginning of a round to that of the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A step that takes longer has failed.</summary>
    public TimeSpan StepTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A step that takes longer is late.</summary>
    public TimeSpan LateAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A certificate that ends sooner is told.</summary>
    public TimeSpan CertificateNotice { get; init; } = TimeSpan.FromDays(14);

    /// <summary>The clocks of the cloud and of the watcher may be so far apart.</summary>
    public TimeSpan ClockTolerance { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where the watcher takes webhooks; null: webhooks are not watched.</summary>
    public IPEndPoint? WebhookListener { get; init; }

    /// <summary>Where the cloud reaches <see cref="WebhookListener"/>.</summary>
    public Uri? WebhookUrl { get; init; }

    /// <summary>Where a device of the cloud connects by MQTT, so that calling it over HTTP is watched; null: it is not. User and password in it are used. Never shown.</summary>
    public Uri? Device { get; init; }

    /// <summary>The page to report to, or null for none.</summary>
    public Uri? Report { get; init; }

    /// <summary>The watcher's token at the page. Never shown.</summary>
    public string Token { get; init; } = "";

    /// <summary>The product of the cloud whose HTTP API is watched.</summary>
    public string Product { get; init; } = "default";

    /// <summary>The API token of the cloud, or null. Never shown.</summary>
    public string? TargetToken { get; init; }
}

/// <summary>A step of a round, for those who look on.</summary>
/// <param name="Component">What was watched.</param>
/// <param name="Step">The step.</param>
/// <param name="Verdict"><c>ok</c>, <c>late</c> or <c>failed</c>.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Detail">What went wrong; empty when nothing did.</param>
public sealed record WatchedStep(string Component, string Step, string Verdict, double Milliseconds, string Detail);
