using System.Globalization;

namespace Holdfast.Server.Bench.Suite;

/// <summary>A bound that a figure of Holdfast is held against.</summary>
/// <param name="Bound">The bound: a number of the figure's unit, or times another broker's figure.</param>
/// <param name="IsAtMost">Whether less is better.</param>
/// <param name="TimesBroker">The other broker; null when the bound stands by itself.</param>
internal sealed record SuiteGoal(double Bound, bool IsAtMost, string? TimesBroker = null)
{
    /// <summary>The goal in words.</summary>
    /// <param name="format">How the figure is written.</param>
    public string Describe(Func<double, string> format)
        => $"{(IsAtMost ? "≤" : "≥")} {(TimesBroker is null ? format(Bound) : string.Create(CultureInfo.InvariantCulture, $"{Bound} × {TimesBroker}"))}";

    /// <summary>Whether it is reached; null when a figure is missing.</summary>
    /// <param name="own">Holdfast's figure.</param>
    /// <param name="others">The other brokers' figures.</param>
    public bool? IsMet(double? own, IReadOnlyDictionary<string, double> others)
    {
        double? bound = TimesBroker is null ? Bound : others.TryGetValue(TimesBroker, out double other) ? Bound * other : null;
        return own is { } value && bound is { } limit ? (IsAtMost ? value <= limit : value >= limit) : null;
    }
}
