namespace Holdfast.Status.Judgement;

/// <summary>What a watcher saw of one step of one component.</summary>
/// <param name="Component">What was watched, such as <c>MQTT</c>.</param>
/// <param name="Step">The step of the path, such as <c>acknowledge</c>.</param>
/// <param name="Verdict">How it went.</param>
/// <param name="Duration">How long it took, or how long was waited.</param>
/// <param name="Detail">What went wrong, for people; empty when nothing did.</param>
internal sealed record Observation(string Component, string Step, Verdict Verdict, TimeSpan Duration, string Detail = "");

/// <summary>All that a watcher saw in one round.</summary>
/// <param name="Watcher">Who saw it.</param>
/// <param name="Location">Where the watcher is.</param>
/// <param name="At">When the round began, on the page's clock.</param>
/// <param name="Interval">How often the watcher has rounds; from it follows when it counts as silent.</param>
/// <param name="Observations">The steps, in the order of the path.</param>
internal sealed record Round(string Watcher, string Location, DateTimeOffset At, TimeSpan Interval, IReadOnlyList<Observation> Observations);
