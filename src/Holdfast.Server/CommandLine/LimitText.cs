using System.Globalization;
using Holdfast.Broker.Limits;

namespace Holdfast.Server.CommandLine;

/// <summary>Limits as they are written on the command line and behind a listener's address.</summary>
internal static class LimitText
{
    /// <summary>Reads the value of a limit.</summary>
    /// <param name="field">The limit.</param>
    /// <param name="text">The text.</param>
    /// <param name="value">The value.</param>
    public static bool TryParse(LimitField field, string text, out long value)
    {
        var isRead = field.Unit switch
        {
            LimitUnit.Bytes => Sizes.TryParse(text, out value),
            LimitUnit.Seconds => TryParseSeconds(text, out value),
            _ => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value),
        };
        return isRead && value >= field.Minimum && value <= field.Maximum;
    }

    /// <summary>What stands for the value in the help.</summary>
    /// <param name="field">The limit.</param>
    public static string Notation(LimitField field) => field.Unit switch
    {
        LimitUnit.Bytes => "SIZE",
        LimitUnit.Seconds => "DURATION",
        _ => "N",
    };

    /// <summary>How the value is to be written.</summary>
    /// <param name="field">The limit.</param>
    public static string Advice(LimitField field) => field.Unit switch
    {
        LimitUnit.Bytes => $"write a size such as 64kB or 1MB, of at least {field.Minimum} bytes",
        LimitUnit.Seconds => "write a duration of at least a second such as 12h or 7d",
        _ => $"write a whole number from {field.Minimum} to {field.Maximum}",
    };

    private static bool TryParseSeconds(string text, out long value)
    {
        var isRead = Durations.TryParse(text, out TimeSpan duration);
        value = (long)duration.TotalSeconds;
        return isRead;
    }
}
