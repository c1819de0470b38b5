using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The command <c>token</c>: API tokens of back ends.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class TokenArguments(Terminal terminal)
{
    private readonly RegistryCommands _commands = new(terminal, withProduct: true);
    private readonly Argument<string> _name = new("NAME") { Description = "The token's name." };
    private readonly Option<bool> _allProducts = ValueOptions.Flag("--all-products", "A token of all products, not of one.");

    /// <summary>Makes the command.</summary>
    public Command Build() => new("token", "Manage API tokens, with which back ends connect and call. The first is made with the admin token in the data directory.")
    {
        BuildAdd(),
        _commands.Make(
            new Command("list", "List the tokens of a product.") { _allProducts }, HttpMethod.Get, result => Collection(result), _ => null,
            (_, answer) => RegistryCommands.Table(
                answer.GetProperty("tokens"), ["NAME", "SCOPES", "CREATED", "SECRETS"],
                one => [RegistryCommands.Text(one, "name"), Scopes(one), RegistryCommands.Text(one, "createdAt"), $"{one.GetProperty("secrets").GetArrayLength()}"])),
        _commands.Make(
            new Command("show", "Show a token, but not its secret, which nobody knows.") { _name, _allProducts }, HttpMethod.Get, result => PathOf(result), _ => null,
            (_, answer) => IntegrationTable.Fields(answer)),
        _commands.Make(
            new Command("rotate", "Make a token anew, printed once; the old one stays valid for a while.") { _name, _allProducts, _commands.Overlap }, HttpMethod.Post,
            result => PathOf(result, "/secret"), _commands.OverlapBody, (result, answer) => $"rotated {result.GetValue(_name)}{Secret(answer)}"),
        _commands.Make(
            new Command("revoke", "Make a token worthless at once, and disconnect who uses it. It can be made anew with rotate.") { _name, _allProducts }, HttpMethod.Post,
            result => PathOf(result, "/revocation"), _ => null, (result, _) => $"revoked {result.GetValue(_name)}"),
        _commands.Make(
            new Command("remove", "Remove a token, and disconnect who uses it.") { _name, _allProducts }, HttpMethod.Delete, result => PathOf(result), _ => null,
            (result, _) => $"removed {result.GetValue(_name)}"),
    };

    private Command BuildAdd()
    {
        Option<string[]> scope = new("--scope")
        {
            Description = "What it may do: publish, subscribe, read (by HTTP) or manage; repeatable.",
            HelpName = "SCOPE",
            Required = true,
            Arity = ArgumentArity.OneOrMore,
        };
        return _commands.Make(
            new Command("add", "Add a token. Prints it, once. MQTT clients show it as the password of the user name 'token'; with --all-products of 'token/PRODUCT'.") { _name, scope, _allProducts },
            HttpMethod.Post, result => Collection(result),
            result => new JsonObject { ["name"] = result.GetValue(_name), ["scopes"] = new JsonArray([.. result.GetValue(scope)!.Select(one => JsonValue.Create(one))]) },
            (result, answer) => $"added {result.GetValue(_name)}: {Scopes(answer)}{Secret(answer)}");
    }

    private string Collection(ParseResult result) => result.GetValue(_allProducts) ? "tokens" : _commands.ProductPath(result, "tokens");

    private string PathOf(ParseResult result, string below = "") => $"{Collection(result)}/{Uri.EscapeDataString(result.GetValue(_name)!)}{below}";

    private static string Scopes(JsonElement token) => string.Join(' ', token.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));

    private static string Secret(JsonElement answer) => RegistryCommands.Text(answer, "token") is { Length: > 0 } secret ? $"\ntoken, shown this once: {secret}" : "";
}
