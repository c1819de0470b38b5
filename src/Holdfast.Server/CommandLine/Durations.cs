using System.Globalization;

namespace Holdfast.Server.CommandLine;

/// <summary>Durations as they are written on the command line: <c>500ms</c>, <c>10s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>.</summary>
internal static class Durations
{
    private static readonly (string Unit, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];

    /// <summary>Reads a duration; a number needs its unit.</summary>
    /// <param name="text">The text.</param>
    /// <param name="duration">The duration, not negative.</param>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        foreach ((string unit, double seconds) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)
                && count * seconds < TimeSpan.MaxValue.TotalSeconds)
            {
                duration = TimeSpan.FromSeconds(count * seconds);
                return true;
            }
        }

        duration = default;
        return false;
    }

    /// <summary>Writes a duration in its largest unit that needs no fraction.</summary>
    /// <param name="duration">The duration.</param>
    public static string Format(TimeSpan duration)
    {
        foreach ((string unit, double seconds) in Units.Reverse())
        {
            double count = duration.TotalSeconds / seconds;
            if (count >= 1 && count == Math.Floor(count))
            {
                return count.ToString(CultureInfo.InvariantCulture) + unit;
            }
        }

        return duration.TotalMilliseconds.ToString(CultureInfo.InvariantCulture) + "ms";
    }
}
