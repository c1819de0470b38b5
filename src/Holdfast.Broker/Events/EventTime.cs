using System.Buffers.Text;

namespace Holdfast.Broker.Events;

/// <summary>
/// Times of events as text. A device may give its own time in the user property <c>hf-published-at</c>: either RFC 3339 with an offset
/// (<c>2026-03-01T08:00:00.250Z</c>, any number of fractional digits) or Unix milliseconds (<c>1772352000250</c>). Anything else counts as not given.
/// </summary>
public static class EventTime
{
    /// <summary>Bytes of a formatted time.</summary>
    public const int FormattedLength = 24;

    private const int DateAndTimeLength = 19;

    private static readonly long LatestMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>The name of the user property that carries the device's own time.</summary>
    public static ReadOnlySpan<byte> PublishedAtProperty => "hf-published-at"u8;

    /// <summary>Writes a time such as <c>2026-03-01T08:00:00.250Z</c>.</summary>
    /// <param name="unixMilliseconds">The time; one outside the years 1970 to 9999 is moved to the nearest end.</param>
    /// <param name="destination">At least <see cref="FormattedLength"/> bytes.</param>
    public static void Write(long unixMilliseconds, Span<byte> destination)
    {
        // Digit by digit: the general formatter takes a tenth of the time of writing an event.
        var (date, time) = DateTime.UnixEpoch.AddMilliseconds(Math.Clamp(unixMilliseconds, 0, LatestMilliseconds));
        "0000-00-00T00:00:00.000Z"u8.CopyTo(destination);
        WriteDigits(destination[..4], date.Year);
        WriteDigits(destination[5..7], date.Month);
        WriteDigits(destination[8..10], date.Day);
        WriteDigits(destination[11..13], time.Hour);
        WriteDigits(destination[14..16], time.Minute);
        WriteDigits(destination[17..19], time.Second);
        WriteDigits(destination[20..23], time.Millisecond);
    }

    /// <summary>Reads a time given by a device.</summary>
    /// <param name="text">ASCII.</param>
    /// <param name="unixMilliseconds">The time.</param>
    /// <returns>False when the text is neither form or the time lies outside the years 1970 to 9999.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out long unixMilliseconds)
    {
        if (Utf8Parser.TryParse(text, out unixMilliseconds, out var used) && used == text.Length)
        {
            return unixMilliseconds >= 0 && unixMilliseconds <= LatestMilliseconds;
        }

        return TryParseRfc3339(text, out unixMilliseconds);
    }

    private static bool TryParseRfc3339(ReadOnlySpan<byte> text, out long unixMilliseconds)
    {
        unixMilliseconds = 0;
        if (text.Length <= DateAndTimeLength
            || text[4] != '-' || text[7] != '-' || (text[10] | 0x20) != 't' || text[13] != ':' || text[16] != ':'
            || !TryDigits(text[..4], out var year) || !TryDigits(text[5..7], out var month) || !TryDigits(text[8..10], out var day)
            || !TryDigits(text[11..13], out var hour) || !TryDigits(text[14..16], out var minute) || !TryDigits(text[17..19], out var second)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59
            || !TryFraction(text[DateAndTimeLength..], out var milliseconds, out var offset)
            || !TryOffset(offset, out var offsetMinutes))
        {
            return false;
        }

        var local = new DateTime(year, month, day, hour, minute, second, milliseconds, DateTimeKind.Utc);
        unixMilliseconds = ((local.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond) - (offsetMinutes * 60_000L);
        return unixMilliseconds >= 0 && unixMilliseconds <= LatestMilliseconds;
    }

    private static bool TryFraction(ReadOnlySpan<byte> text, out int milliseconds, out ReadOnlySpan<byte> rest)
    {
        milliseconds = 0;
        rest = text;
        if (text[0] != '.')
        {
            return true;
        }

        var length = text[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (length < 1)
        {
            return false;
        }

        var weight = 100;
        foreach (var digit in text.Slice(1, Math.Min(length, 3)))
        {
            milliseconds += (digit - '0') * weight;
            weight /= 10;
        }

        rest = text[(1 + length)..];
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1)
        {
            return (text[0] | 0x20) == 'z';
        }

        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':'
            || !TryDigits(text[1..3], out var hour) || !TryDigits(text[4..], out var minute) || hour > 23 || minute > 59)
        {
            return false;
        }

        minutes = ((hour * 60) + minute) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static void WriteDigits(Span<byte> destination, int value)
    {
        for (var i = destination.Length - 1; i >= 0; i--)
        {
            destination[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            value = (value * 10) + digit - '0';
        }

        return true;
    }
}
