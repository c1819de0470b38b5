using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>What the commands on integrations have in common: the server's options, the name, the call and the printing.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class IntegrationCommands(Terminal terminal)
{
    private readonly ServerArguments _server = new();

    /// <summary>The name of the integration that a command is about.</summary>
    public Argument<string> Name { get; } = new("NAME") { Description = "The integration's name." };

    /// <summary>Adds the server's options to a command.</summary>
    /// <param name="command">The command.</param>
    public Command Complete(Command command)
    {
        _server.AddTo(command);
        return command;
    }

    /// <summary>The path of the integration that a command is about.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="below">What stands below it.</param>
    public string PathOf(ParseResult result, string below = "") => "/" + Uri.EscapeDataString(result.GetValue(Name)!) + below;

    /// <summary>Calls the API.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="method">The method.</param>
    /// <param name="path">Below the product's integrations.</param>
    /// <param name="body">What is sent, or null.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<ApiAnswer> SendAsync(ParseResult result, HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        using ApiClient api = _server.Connect(result);
        return await api.SendAsync(method, $"{_server.ProductPath(result)}/integrations{path}", body?.ToJsonString(), cancellationToken);
    }

    /// <summary>Prints what the API answered.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="format">Its text for people.</param>
    public int Print(ParseResult result, ApiAnswer answer, Func<JsonElement, string> format)
    {
        if (!answer.IsSuccess)
        {
            return terminal.Fail(answer.Problem);
        }

        terminal.Text.WriteLine(
            !_server.Json(result) ? format(answer.Body)
            : answer.Body.ValueKind == JsonValueKind.Undefined ? "{}"
            : answer.Body.GetRawText());
        return ExitCodes.Success;
    }
}
