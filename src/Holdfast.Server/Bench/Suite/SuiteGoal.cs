using System.Globalization;

namespace Holdfast.Server.Bench.Suite;

/// <summary>A bound that a figure of Holdfast is held against.</summary>
/// <param name="Bound">The bound: a number of the figure's unit, or times another broker's figure.</param>
/// <param name="IsAtMost">Whether less is better.</param>
/// <param name="TimesBroker">The other broker; null when the bound stands by itself, or is times another row's figure.</param>
/// <param name="TimesRow">The other row, of Holdfast itself.</param>
internal sealed record SuiteGoal(double Bound, bool IsAtMost, string? TimesBroker = null, string? TimesRow = null)
{
    /// <summary>What Holdfast's figure is divided by; null when the bound stands by itself.</summary>
    public string? Reference => TimesBroker ?? TimesRow;

    /// <summary>The goal in words.</summary>
    /// <param name="format">How the figure is written.</param>
    public string Describe(Func<double, string> format)
        => $"{(IsAtMost ? "≤" : "≥")} {(Reference is null ? format(Bound) : string.Create(CultureInfo.InvariantCulture, $"{Bound} ×"))}";

    /// <summary>Whether it is reached; null when a figure is missing.</summary>
    /// <param name="own">Holdfast's figure.</param>
    /// <param name="others">The figures of other brokers and of other rows of Holdfast.</param>
    public bool? IsMet(double? own, IReadOnlyDictionary<string, double> others)
    {
        double? bound = Reference is null ? Bound : others.TryGetValue(Reference, out double other) ? Bound * other : null;
        return own is { } value && bound is { } limit ? (IsAtMost ? value <= limit : value >= limit) : null;
    }
}
