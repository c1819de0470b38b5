using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;
using Holdfast.Server.Management;

namespace Holdfast.Server.StatusPage;

/// <summary>The options of every command that manages a status page, and how it is spoken to.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class StatusConnection(Terminal terminal)
{
    private const string TokenVariable = "HOLDFAST_STATUS_TOKEN";
    private const string TokenFile = "admin-token";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Option<Uri?> _server = MakeServer();
    private readonly Option<string?> _token = ValueOptions.Text("--token", "TOKEN", $"The page's token. [default: the variable {TokenVariable}, else DIR/{TokenFile}]");
    private readonly Option<string> _data = new("--data") { Description = "The page's data directory, for its token.", HelpName = "DIR", DefaultValueFactory = _ => "./status" };
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print the API's JSON.");

    /// <summary>Makes the option of the page's address.</summary>
    public static Option<Uri?> MakeServer() => ValueOptions.Server("--server", "The status page's address.", "http://127.0.0.1:8090");

    /// <summary>Makes a command that sends one request.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">Its help.</param>
    /// <param name="symbols">Its arguments and options.</param>
    /// <param name="request">Says what is sent: the method, the path below <c>api/v1/</c> and the body.</param>
    /// <param name="say">Says the answer in words.</param>
    public Command Make(string name, string description, IEnumerable<Symbol> symbols, Func<ParseResult, (HttpMethod Method, string Path, JsonObject? Body)> request, Func<JsonElement, string> say)
    {
        var command = new Command(name, description);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else
            {
                command.Add((Option)symbol);
            }
        }

        command.Add(_server);
        command.Add(_token);
        command.Add(_data);
        command.Add(_json);
        command.SetAction((result, cancellationToken) => SendAsync(result, request, say, cancellationToken));
        return command;
    }

    private async Task<int> SendAsync(
        ParseResult result, Func<ParseResult, (HttpMethod Method, string Path, JsonObject? Body)> request, Func<JsonElement, string> say, CancellationToken cancellationToken)
    {
        (HttpMethod method, string path, JsonObject? body) = request(result);
        using var client = new ApiClient(result.GetValue(_server)!, Token(result), program: "holdfast status serve", variable: TokenVariable);
        ApiAnswer answer = await client.SendAsync(method, $"api/v1/{path}", body?.ToJsonString(), cancellationToken);
        if (!answer.IsSuccess)
        {
            return terminal.Fail(answer.Problem);
        }

        string text = answer.Body.ValueKind == JsonValueKind.Undefined ? "done"
            : result.GetValue(_json) ? JsonSerializer.Serialize(answer.Body, Indented)
            : say(answer.Body);
        terminal.Text.WriteLine(text);
        return ExitCodes.Success;
    }

    private string? Token(ParseResult result)
    {
        string? token = result.GetValue(_token) ?? Environment.GetEnvironmentVariable(TokenVariable);
        string file = Path.Combine(result.GetValue(_data)!, TokenFile);
        return !string.IsNullOrEmpty(token) ? token : File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }
}
