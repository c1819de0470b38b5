using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Holdfast.Server.CommandLine;
using Holdfast.Server.Management;

namespace Holdfast.Server.Custody;

/// <summary>The command <c>custody</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class CustodyArguments(Terminal terminal)
{
    private readonly ServerArguments _server = new();
    private readonly Option<string?> _device = ValueOptions.Text("--device", "ID", "Only this device. [default: all of the product]");
    private readonly Option<string?> _from = ValueOptions.Text("--from", "TIME", "Received at or after this time, such as 2026-03-01T08:00:00Z. [default: the oldest that is kept]");
    private readonly Option<string?> _to = ValueOptions.Text("--to", "TIME", "Received before this time. [default: now]");
    private readonly Option<TimeSpan?> _late = ValueOptions.Duration("--late", "A delivery later than this after the receipt is late.", TimeSpan.FromSeconds(10));
    private readonly Option<int> _limit = ValueOptions.Number("--limit", "Most events listed.", 1000, 1, 10_000);
    private readonly Option<string?> _after = ValueOptions.Text("--after", "ID", "List what follows this event, as the last answer's 'next' says.");
    private readonly Option<string> _format = new("--format")
    {
        Description = "table, markdown, csv (the list) or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "table",
    };

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command(
            "custody",
            "Prove what became of the events of a product or a device: published, accepted, delivered, late, waiting, lost, and the gaps in each device's own sequence. "
            + "Ends with 1 when something is lost or never arrived.")
        {
            _device, _from, _to, _late, _limit, _after, _format,
        };
        _format.AcceptOnlyFromAmong("table", "markdown", "csv", "json");
        _server.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using ApiClient api = _server.Connect(result);
            ApiAnswer answer = await api.SendAsync(HttpMethod.Get, PathOf(result), null, cancellationToken);
            if (!answer.IsSuccess)
            {
                return terminal.Fail(answer.Problem);
            }

            terminal.Text.WriteLine(Format(answer.Body, _server.Json(result) ? "json" : result.GetValue(_format)!));
            return IsWhole(answer.Body) ? ExitCodes.Success : ExitCodes.Failure;
        });
        return command;
    }

    private static string Format(JsonElement report, string format) => format switch
    {
        "json" => report.GetRawText(),
        "csv" => CustodyText.Csv(report),
        "markdown" => CustodyText.Page(report, CustodyText.Markdown),
        _ => CustodyText.Page(report, TextTable.Format),
    };

    /// <summary>Whether nothing is lost and nothing is missing.</summary>
    private static bool IsWhole(JsonElement report)
        => Count(report.GetProperty("events"), "missing") == 0 && Count(report.GetProperty("events"), "unreadable") == 0
            && report.GetProperty("integrations").EnumerateArray().All(one => Count(one, "lost") + Count(one, "recordsLost") == 0);

    private static long Count(JsonElement counts, string name) => counts.GetProperty(name).GetInt64();

    private string PathOf(ParseResult result)
    {
        string product = _server.ProductPath(result);
        string path = result.GetValue(_device) is { } device ? $"{product}/devices/{Uri.EscapeDataString(device)}/custody" : $"{product}/custody";
        string late = ((long)Math.Max(1, (result.GetValue(_late) ?? TimeSpan.FromSeconds(10)).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var query = new List<string> { $"late={late}", $"limit={result.GetValue(_limit).ToString(CultureInfo.InvariantCulture)}" };
        foreach (var (name, option) in new[] { ("from", _from), ("to", _to), ("after", _after) })
        {
            if (result.GetValue(option) is { } value)
            {
                query.Add($"{name}={Uri.EscapeDataString(value)}");
            }
        }

        return $"{path}?{string.Join('&', query)}";
    }
}
