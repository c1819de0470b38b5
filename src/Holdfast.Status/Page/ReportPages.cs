using System.Text;
using System.Text.Json.Nodes;
using Holdfast.Status.Availability;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Page;

/// <summary>Draws the availability of each month and component, as HTML, CSV and JSON.</summary>
/// <param name="options">What the operator chose.</param>
/// <param name="layout">What all pages have in common.</param>
internal sealed class ReportPages(PageOptions options, Layout layout)
{
    /// <summary>The folder of the months.</summary>
    public const string Folder = "reports/";

    private const string Columns = "month,component,objective,uptime,length_seconds,downtime_seconds,planned_seconds,slow_seconds,not_measured_seconds,kept,credit_percent";

    private static readonly string[] Endings = [".html", ".csv", ".json"];

    /// <summary>The paths of all reports.</summary>
    public static IEnumerable<string> Paths(StatusView view)
        => MonthlyReport.Months(view).SelectMany(month => Endings.Select(ending => $"{Folder}{month:yyyy-MM}{ending}")).Prepend("reports.html");

    /// <summary>The ledger: all months in one page.</summary>
    public string DrawLedger(StatusView view) => layout.Document("Availability", "", Html.Of($"""
        {layout.Header("", Html.Of($"<a href=\"index.html\">Now</a>"))}
        <main>{MonthlyReport.Months(view).Select(month => Section(month, view, Folder))}</main>
        <footer class="faint"><p>{Rule()}</p></footer>
        """));

    /// <summary>Draws the report of a month.</summary>
    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <param name="view">What is known.</param>
    /// <returns>Its text, or null when there is none.</returns>
    public string? Draw(string path, StatusView view)
    {
        if (!DateOnly.TryParseExact(Path.GetFileNameWithoutExtension(path), "yyyy-MM", Words.Culture, System.Globalization.DateTimeStyles.None, out DateOnly month) || !MonthlyReport.Months(view).Contains(month))
        {
            return null;
        }

        return Path.GetExtension(path) switch
        {
            ".csv" => Csv(month, view),
            ".json" => Json(month, view),
            ".html" => layout.Document($"Availability in {month:yyyy-MM}", "../", Html.Of($"""
                {layout.Header("../", Html.Of($"<a href=\"../reports.html\">All months</a>"))}
                <main>{Section(month, view, "")}</main><footer class="faint"><p>{Rule()}</p></footer>
                """)),
            _ => null,
        };
    }

    private string Rule() => options.Credits.Count == 0
        ? $"Downtime is partial and major outages, less maintenance that was announced {options.MaintenanceNoticeHours} hours before. Time in which nobody looked is not downtime, and is told."
        : $"Downtime is partial and major outages, less maintenance that was announced {options.MaintenanceNoticeHours} hours before. Credit: {string.Join(", ", options.Credits.OrderByDescending(rule => rule.Below).Select(rule => $"{rule.Percent.ToString(Words.Culture)} % below {Words.Percent(rule.Below)}"))}.";

    private Html Section(DateOnly month, StatusView view, string folder) => Html.Of($"""
        <section><h2>{month:yyyy-MM}</h2><div class="card scroll"><table><thead><tr><th scope="col">Component</th><th scope="col">Promised</th><th scope="col">Measured</th><th scope="col">Down</th><th scope="col">of it planned</th><th scope="col">Not measured</th><th scope="col">Credit</th></tr></thead>
        <tbody>{MonthlyReport.Make(month, view, options).Select(Row)}</tbody></table>
        <p class="faint"><a href="{folder}{month:yyyy-MM}.html">Page</a> · <a href="{folder}{month:yyyy-MM}.csv">CSV</a> · <a href="{folder}{month:yyyy-MM}.json">JSON</a></p></div></section>
        """);

    private static Html Row(MonthLine line) => Html.Of(
        $"<tr><th scope=\"row\">{line.Component}</th><td>{Words.Percent(line.Objective)}</td><td><span class=\"state {(line.IsKept ? "operational" : "major")}\">{Words.Percent(line.Share)}</span></td><td>{Words.Duration(line.Down)}</td><td>{Words.Duration(line.Planned)}</td><td>{Words.Duration(line.Unknown)}</td><td>{line.Credit:0.##} %</td></tr>");

    private string Csv(DateOnly month, StatusView view)
    {
        var text = new StringBuilder(Columns).Append("\r\n");
        foreach (MonthLine line in MonthlyReport.Make(month, view, options))
        {
            text.Append(Words.Culture, $"{month:yyyy-MM},{Quote(line.Component)},{line.Objective},{line.Share:0.000000},{line.Length.TotalSeconds:0},{line.Down.TotalSeconds:0},{line.Planned.TotalSeconds:0},{line.Slow.TotalSeconds:0},{line.Unknown.TotalSeconds:0},{(line.IsKept ? "yes" : "no")},{line.Credit}\r\n");
        }

        return text.ToString();
    }

    // A name that a table calculator would take for a formula is text.
    private static string Quote(string text)
    {
        string safe = text.Length > 0 && text[0] is '=' or '+' or '-' or '@' ? $"'{text}" : text;
        return $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private string Json(DateOnly month, StatusView view) => new JsonObject
    {
        ["month"] = month.ToString("yyyy-MM", Words.Culture),
        ["components"] = new JsonArray([.. MonthlyReport.Make(month, view, options).Select(line => (JsonNode)new JsonObject
        {
            ["component"] = line.Component,
            ["objective"] = line.Objective,
            ["uptime"] = line.Share,
            ["lengthSeconds"] = line.Length.TotalSeconds,
            ["downtimeSeconds"] = line.Down.TotalSeconds,
            ["plannedSeconds"] = line.Planned.TotalSeconds,
            ["slowSeconds"] = line.Slow.TotalSeconds,
            ["notMeasuredSeconds"] = line.Unknown.TotalSeconds,
            ["kept"] = line.IsKept,
            ["creditPercent"] = line.Credit,
        })]),
    }.ToJsonString();
}
