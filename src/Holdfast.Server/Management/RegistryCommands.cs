using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>What the commands on products, devices and tokens have in common: a call of the API and the printing of its answer.</summary>
/// <param name="terminal">The standard streams.</param>
/// <param name="withProduct">Whether they are about something of a product.</param>
internal sealed class RegistryCommands(Terminal terminal, bool withProduct)
{
    private readonly ServerArguments _server = new();

    /// <summary>How long what is replaced stays valid.</summary>
    public Option<TimeSpan?> Overlap { get; } = ValueOptions.Duration("--overlap", "How long the old one stays valid; 0s for not at all.", TimeSpan.FromDays(1));

    /// <summary>Makes a command that calls the API.</summary>
    /// <param name="command">The command with its own options and arguments.</param>
    /// <param name="method">The method of the call.</param>
    /// <param name="path">Where, below <c>/api/v1</c>.</param>
    /// <param name="body">What is sent, or null. What it cannot read it says by an <see cref="IOException"/>.</param>
    /// <param name="format">The answer for people.</param>
    public Command Make(Command command, HttpMethod method, Func<ParseResult, string> path, Func<ParseResult, JsonObject?> body, Func<ParseResult, JsonElement, string> format)
    {
        _server.AddTo(command, withProduct);
        command.SetAction(async (result, cancellationToken) =>
        {
            string? text;
            try
            {
                text = body(result)?.ToJsonString();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return terminal.Fail(exception.Message);
            }

            using ApiClient api = _server.Connect(result);
            ApiAnswer answer = await api.SendAsync(method, $"api/v1/{path(result)}", text, cancellationToken);
            if (!answer.IsSuccess)
            {
                return terminal.Fail(answer.Problem);
            }

            terminal.Text.WriteLine(
                !_server.Json(result) ? format(result, answer.Body)
                : answer.Body.ValueKind == JsonValueKind.Undefined ? "{}"
                : answer.Body.GetRawText());
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>The path of the product's resources, below <c>/api/v1</c>.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="below">What stands below it.</param>
    public string ProductPath(ParseResult result, string below) => $"{_server.ProductPath(result)["api/v1/".Length..]}/{below}";

    /// <summary>The overlap as the API takes it.</summary>
    /// <param name="result">The parsed command line.</param>
    public JsonObject OverlapBody(ParseResult result) => result.GetValue(Overlap) is { } overlap ? new JsonObject { ["overlapSeconds"] = (long)overlap.TotalSeconds } : [];

    /// <summary>A field as text; empty for null.</summary>
    /// <param name="json">An object.</param>
    /// <param name="name">The field.</param>
    public static string Text(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : "";

    /// <summary>A list as a table.</summary>
    /// <param name="list">An array of objects.</param>
    /// <param name="titles">The titles of the columns.</param>
    /// <param name="row">Makes the cells of a row.</param>
    public static string Table(JsonElement list, string[] titles, Func<JsonElement, string[]> row)
        => list.GetArrayLength() == 0 ? "none" : TextTable.Format([titles, .. list.EnumerateArray().Select(row)]);
}
