using System.Globalization;

namespace Holdfast.Server.CommandLine;

/// <summary>Sizes as they are written on the command line: <c>512</c> or <c>512B</c>; <c>kB</c>, <c>MB</c>, <c>GB</c>, <c>TB</c> (powers of 1000); <c>KiB</c>, <c>MiB</c>, <c>GiB</c>, <c>TiB</c> (powers of 1024).</summary>
internal static class Sizes
{
    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("kB", 1000), ("MB", 1000_000), ("GB", 1000_000_000), ("TB", 1000_000_000_000),
        ("B", 1), ("", 1),
    ];

    /// <summary>Reads a size.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">The size in bytes, not negative.</param>
    public static bool TryParse(string text, out long bytes)
    {
        (string unit, long factor) = Units.First(entry => text.EndsWith(entry.Unit, StringComparison.Ordinal));
        if (decimal.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal count)
            && count <= long.MaxValue / factor)
        {
            bytes = (long)(count * factor);
            return true;
        }

        bytes = 0;
        return false;
    }
}
