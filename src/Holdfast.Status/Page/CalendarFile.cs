using System.Text;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>The maintenances as an iCalendar file (RFC 5545).</summary>
internal static class CalendarFile
{
    private const int LineLength = 70;

    /// <summary>Writes the calendar.</summary>
    public static string Draw(StatusView view, PageOptions options)
    {
        var text = new StringBuilder();
        Line(text, "BEGIN:VCALENDAR");
        Line(text, "VERSION:2.0");
        Line(text, "PRODID:-//Holdfast//Status//EN");
        Line(text, $"X-WR-CALNAME:{Escape(options.Name)} maintenance");
        foreach (Maintenance maintenance in view.Maintenances)
        {
            Line(text, "BEGIN:VEVENT");
            Line(text, $"UID:maintenance-{maintenance.Id}@holdfast-status");
            Line(text, $"SEQUENCE:{maintenance.Updates.Count}");
            Line(text, $"DTSTAMP:{Stamp(maintenance.Updates[^1].At)}");
            Line(text, $"DTSTART:{Stamp(maintenance.StartsAt)}");
            Line(text, $"DTEND:{Stamp(maintenance.EndsAt)}");
            Line(text, $"SUMMARY:{Escape(maintenance.Title)}");
            Line(text, $"DESCRIPTION:{Escape(string.Join(", ", maintenance.Components) + "\n" + maintenance.Updates[^1].Text)}");
            Line(text, $"STATUS:{(maintenance.Status == MaintenanceStatus.Cancelled ? "CANCELLED" : "CONFIRMED")}");
            Line(text, "END:VEVENT");
        }

        Line(text, "END:VCALENDAR");
        return text.ToString();
    }

    private static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyyMMddTHHmmssZ", Words.Culture);

    private static string Escape(string text)
        => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(";", "\\;", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    // A line has at most 75 bytes; what is longer goes on in the next, after a space.
    private static void Line(StringBuilder text, string line)
    {
        int used = 0;
        foreach (Rune rune in line.EnumerateRunes())
        {
            used += rune.Utf8SequenceLength;
            if (used > LineLength)
            {
                text.Append("\r\n ");
                used = rune.Utf8SequenceLength + 1;
            }

            text.Append(rune.ToString());
        }

        text.Append("\r\n");
    }
}
