using System.CommandLine;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The options of every command that talks to a node's HTTP API.</summary>
internal sealed class ServerArguments
{
    private const string TokenVariable = "HOLDFAST_TOKEN";
    private const string TokenFile = "admin-token";

    private readonly Option<Uri?> _server = ValueOptions.Server("--server", "The node's HTTP address.", "http://127.0.0.1:8080");
    private readonly Option<string?> _token = ValueOptions.Text("--token", "TOKEN", $"The API token. [default: the variable {TokenVariable}, else DIR/{TokenFile}]");
    private readonly Option<string> _data = new("--data") { Description = "The node's data directory, for its admin token.", HelpName = "DIR", DefaultValueFactory = _ => "./data" };
    private readonly Option<string> _product = new("--product") { Description = "The product.", HelpName = "NAME", DefaultValueFactory = _ => "default" };
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print the API's JSON.");

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="withProduct">Whether it is about something of a product.</param>
    public void AddTo(Command command, bool withProduct = true)
    {
        command.Add(_server);
        command.Add(_token);
        command.Add(_data);
        if (withProduct)
        {
            command.Add(_product);
        }

        command.Add(_json);
    }

    /// <summary>The API of the node.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="patience">How much longer than usual an answer may take.</param>
    public ApiClient Connect(ParseResult result, TimeSpan patience = default)
    {
        string? token = result.GetValue(_token) ?? Environment.GetEnvironmentVariable(TokenVariable);
        string file = Path.Combine(result.GetValue(_data) ?? ".", TokenFile);
        if (string.IsNullOrEmpty(token) && File.Exists(file))
        {
            token = File.ReadAllText(file).Trim();
        }

        return new ApiClient(result.GetValue(_server)!, string.IsNullOrEmpty(token) ? null : token, patience);
    }

    /// <summary>The path of the product's resources, escaped.</summary>
    /// <param name="result">The parsed command line.</param>
    public string ProductPath(ParseResult result) => $"api/v1/products/{Uri.EscapeDataString(result.GetValue(_product)!)}";

    /// <summary>Whether JSON is wanted.</summary>
    /// <param name="result">The parsed command line.</param>
    public bool Json(ParseResult result) => result.GetValue(_json);
}
