using System.Diagnostics;
using System.Globalization;

namespace Holdfast.Testing.Fuzzing;

/// <summary>
/// How long a fuzzer runs and where it begins. In <c>./test</c> it runs for a moment, always from the same seed; <c>HOLDFAST_SECONDS</c> lets it run longer, <c>HOLDFAST_SEED</c> begins elsewhere
/// (docs/hacking.md).
/// </summary>
public sealed class FuzzRun
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly TimeSpan _budget;
    private readonly int _fewest;

    /// <param name="budget">How long it runs when nothing else is asked for.</param>
    /// <param name="fewest">So many cases are tried, however busy the machine is.</param>
    public FuzzRun(TimeSpan budget, int fewest)
    {
        FirstSeed = Number("HOLDFAST_SEED") ?? 1;
        _budget = Number("HOLDFAST_SECONDS") is { } seconds ? TimeSpan.FromSeconds(seconds) : budget;
        _fewest = fewest;
    }

    /// <summary>The seed of the first case.</summary>
    public int FirstSeed { get; }

    /// <summary>Whether a given seed is to be repeated, and no others.</summary>
    public static bool IsReplay => Number("HOLDFAST_SEED") is not null && Number("HOLDFAST_SECONDS") is null;

    /// <summary>How long it has run, in seconds.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(_begin).TotalSeconds;

    /// <summary>Whether another case is wanted.</summary>
    /// <param name="done">How many were tried.</param>
    public bool GoesOn(int done) => done < _fewest || Stopwatch.GetElapsedTime(_begin) < _budget;

    private static int? Number(string variable)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
