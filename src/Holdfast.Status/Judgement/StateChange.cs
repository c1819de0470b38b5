namespace Holdfast.Status.Judgement;

/// <summary>A component took another state.</summary>
/// <param name="Component">The component.</param>
/// <param name="At">Since when, by the first measurement that showed it; so it may be earlier than the judgement.</param>
/// <param name="State">The new state.</param>
internal sealed record StateChange(string Component, DateTimeOffset At, ComponentState State);
