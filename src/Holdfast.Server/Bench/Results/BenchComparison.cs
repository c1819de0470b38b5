namespace Holdfast.Server.Bench.Results;

/// <summary>Rounds of the same scenario at two brokers in turn.</summary>
/// <param name="A">The first broker's rounds.</param>
/// <param name="B">The second broker's rounds.</param>
/// <param name="Figures">The medians and their ratios.</param>
internal sealed record BenchComparison(IReadOnlyList<BenchResult> A, IReadOnlyList<BenchResult> B, IReadOnlyList<ComparedFigure> Figures)
{
    /// <summary>Compares rounds.</summary>
    /// <param name="a">The first broker's.</param>
    /// <param name="b">The second broker's.</param>
    public static BenchComparison Of(IReadOnlyList<BenchResult> a, IReadOnlyList<BenchResult> b)
        => new(a, b, [.. BenchFigure.All.Select(figure => Compare(figure, a, b)).Where(figure => figure.A is not null || figure.B is not null)]);

    private static ComparedFigure Compare(BenchFigure figure, IReadOnlyList<BenchResult> a, IReadOnlyList<BenchResult> b)
    {
        (double? first, double? second) = (figure.MedianOf(a), figure.MedianOf(b));
        return new ComparedFigure(figure.Title, first, second, figure.HasRatio && first is { } dividend && second is > 0 and { } divisor ? Math.Round(dividend / divisor, 2) : null);
    }
}

/// <summary>A figure of two brokers.</summary>
/// <param name="Title">Its name.</param>
/// <param name="A">The median of the first; null when it has none.</param>
/// <param name="B">The median of the second; null when it has none.</param>
/// <param name="Ratio">A by B; null where that says nothing.</param>
internal sealed record ComparedFigure(string Title, double? A, double? B, double? Ratio);
