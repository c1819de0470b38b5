using System.Text;
using System.Text.Json;

namespace Holdfast.Server.Custody;

/// <summary>A custody report for people and spreadsheets.</summary>
internal static class CustodyText
{
    private static readonly (string Title, string Property)[] Counts =
    [
        ("INTEGRATION", "name"), ("KIND", "kind"), ("WANTED", "wanted"), ("DELIVERED", "delivered"), ("LATE", "late"), ("WAITING", "waiting"), ("DEAD", "deadLetters"),
        ("EXPIRED", "expired"), ("LOST", "lost"), ("LOST RECORDS", "recordsLost"), ("TRIMMED UNREAD", "trimmedUnread"), ("ABANDONED", "abandoned"), ("BY POSITION", "confirmed"), ("LONGEST S", "longestDelaySeconds"),
    ];

    private static readonly (string Title, string Property)[] Items =
    [
        ("EVENT", "event"), ("DEVICE", "device"), ("STREAM", "stream"), ("SEQUENCE", "sequence"), ("RECEIVED", "receivedAt"), ("INTEGRATION", "integration"), ("OUTCOME", "outcome"),
        ("AT", "at"), ("DELAY S", "delaySeconds"), ("ATTEMPTS", "attempts"), ("LAST ERROR", "lastError"),
    ];

    private static readonly string[] CsvColumns =
        ["event", "device", "topic", "stream", "sequence", "publishedAt", "receivedAt", "integration", "outcome", "at", "delaySeconds", "attempts", "lastError"];

    /// <summary>One page: the sentence, the counts, the gaps, the list.</summary>
    /// <param name="report">The API's report.</param>
    /// <param name="table">How a table is written.</param>
    public static string Page(JsonElement report, Func<IReadOnlyList<string[]>, string> table)
    {
        var text = new StringBuilder();
        string whose = report.GetProperty("device").ValueKind == JsonValueKind.Null ? $"product {Cell(report, "product")}" : $"device {Cell(report, "device")} of product {Cell(report, "product")}";
        text.Append("Custody of ").Append(whose).Append(", from ").Append(Cell(report, "from") is "-" ? "the beginning" : Cell(report, "from")).Append(" to ").Append(Cell(report, "to")).AppendLine();
        text.AppendLine().AppendLine(Cell(report, "summary"));
        Append(text, table, Counts, report.GetProperty("integrations"));
        JsonElement gaps = report.GetProperty("gaps");
        if (gaps.GetArrayLength() > 0)
        {
            text.AppendLine().AppendLine(table([["DEVICE", "STREAM", "FIRST", "LAST", "MISSING", "WHICH"], .. gaps.EnumerateArray().Select(Gap)]));
        }

        Append(text, table, Items, report.GetProperty("items"));
        if (Cell(report, "next") is not "-" and var next)
        {
            text.AppendLine().AppendLine($"More follows: --after {next}");
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>The list as comma-separated values (RFC 4180); missing sequences come as rows of their own with the outcome <c>missing</c>.</summary>
    /// <param name="report">The API's report.</param>
    public static string Csv(JsonElement report)
    {
        var text = new StringBuilder();
        text.AppendLine(string.Join(',', CsvColumns));
        foreach (JsonElement item in report.GetProperty("items").EnumerateArray())
        {
            text.AppendLine(string.Join(',', CsvColumns.Select(column => Quoted(Value(item, column)))));
        }

        foreach (JsonElement stream in report.GetProperty("gaps").EnumerateArray())
        {
            foreach (JsonElement range in stream.GetProperty("ranges").EnumerateArray())
            {
                string which = Range(range);
                text.AppendLine(string.Join(',', CsvColumns.Select(column => column switch
                {
                    "device" or "stream" => Quoted(Value(stream, column)),
                    "sequence" => which,
                    "outcome" => "missing",
                    _ => "",
                })));
            }
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>A table in Markdown.</summary>
    /// <param name="rows">Rows of equal length; the first holds the titles.</param>
    public static string Markdown(IReadOnlyList<string[]> rows)
    {
        var text = new StringBuilder();
        for (int i = 0; i < rows.Count; i++)
        {
            text.Append("| ").AppendJoin(" | ", rows[i].Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).AppendLine(" |");
            if (i == 0)
            {
                text.Append('|').AppendJoin('|', rows[0].Select(_ => "---")).AppendLine("|");
            }
        }

        return text.ToString().TrimEnd();
    }

    private static void Append(StringBuilder text, Func<IReadOnlyList<string[]>, string> table, (string Title, string Property)[] columns, JsonElement rows)
    {
        if (rows.GetArrayLength() > 0)
        {
            text.AppendLine().AppendLine(table(
                [[.. columns.Select(column => column.Title)], .. rows.EnumerateArray().Select(row => columns.Select(column => Cell(row, column.Property)).ToArray())]));
        }
    }

    private static string[] Gap(JsonElement stream)
        => [Cell(stream, "device"), Cell(stream, "stream"), Cell(stream, "first"), Cell(stream, "last"), Cell(stream, "missing"), string.Join(' ', stream.GetProperty("ranges").EnumerateArray().Select(Range))];

    private static string Range(JsonElement range)
        => Cell(range, "from") == Cell(range, "to") ? Cell(range, "from") : $"{Cell(range, "from")}-{Cell(range, "to")}";

    private static string Cell(JsonElement value, string property) => TraceText.Cell(value, property);

    private static string Value(JsonElement value, string property) => Cell(value, property) is not "-" and var text ? text : "";

    /// <summary>A spreadsheet must not take a device's words for a formula.</summary>
    private static string Quoted(string value)
    {
        string harmless = value.Length > 0 && value[0] is '=' or '+' or '-' or '@' ? "'" + value : value;
        return harmless.AsSpan().ContainsAny(",\"\n\r") ? $"\"{harmless.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : harmless;
    }
}
