using System.Globalization;

namespace Holdfast.Status;

/// <summary>Durations and shares as people read them.</summary>
internal static class Words
{
    /// <summary>The culture of all that is written.</summary>
    public static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>A duration in its two largest units: <c>2 h 5 min</c>, <c>41 s</c>.</summary>
    public static string Duration(TimeSpan duration) => duration switch
    {
        { TotalSeconds: < 1 } => $"{(long)duration.TotalMilliseconds} ms",
        { TotalMinutes: < 1 } => $"{(long)duration.TotalSeconds} s",
        { TotalHours: < 1 } => $"{duration.Minutes} min {duration.Seconds} s",
        { TotalDays: < 1 } => $"{duration.Hours} h {duration.Minutes} min",
        _ => $"{(long)duration.TotalDays} d {duration.Hours} h",
    };

    /// <summary>A share in percent, rounded down so that what was not perfect never reads 100 %.</summary>
    public static string Percent(double share)
        => share >= 1 ? "100 %" : (Math.Floor(share * 100_000) / 1000).ToString("0.000", Culture) + " %";
}
