using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The command <c>product</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class ProductArguments(Terminal terminal)
{
    private readonly RegistryCommands _commands = new(terminal, withProduct: false);
    private readonly RegistryCommands _settings = new(terminal, withProduct: true);
    private readonly ProductLimitOptions _limits = new();
    private readonly Argument<string> _name = new("NAME") { Description = "The product's name: lower-case letters, digits and '-'." };

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var rule = new Command("rule", "What the devices of a product may do beyond their own topics.") { BuildAddRule(), BuildRemove("rules", "rule") };
        var key = new Command("key", "Keys whose signed tokens (JWT) devices of a product may show.") { BuildAddKey(), BuildRemove("signing-keys", "key") };
        var authority = new Command("authority", "Authorities whose certificates devices of a product may show.") { BuildAddAuthority(), BuildRemove("authorities", "authority") };
        return new Command("product", "Manage products: whatever is of one is invisible to every other.")
        {
            _commands.Make(
                new Command("add", "Add a product.") { _name, _limits.Age, _limits.Bytes }, HttpMethod.Post, _ => "products",
                result => _limits.AddTo(new JsonObject { ["name"] = result.GetValue(_name) }, result), (result, _) => $"added product {result.GetValue(_name)}"),
            _commands.Make(
                new Command("list", "List the products."), HttpMethod.Get, _ => "products", _ => null,
                (_, answer) => RegistryCommands.Table(
                    answer.GetProperty("products"), ["NAME", "CREATED", "RULES", "KEYS", "AUTHORITIES"],
                    one => [RegistryCommands.Text(one, "name"), RegistryCommands.Text(one, "createdAt"), Count(one, "rules"), Count(one, "signingKeys"), Count(one, "authorities")])),
            _commands.Make(
                new Command("show", "Show a product with its rules, keys and authorities.") { _name }, HttpMethod.Get, ProductPath, _ => null, (_, answer) => IntegrationTable.Fields(answer)),
            _commands.Make(
                new Command("set", "Change what a product keeps of its events. What is trimmed does not come back.") { _name, _limits.Age, _limits.Bytes }, HttpMethod.Patch, ProductPath,
                result => _limits.AddTo([], result), (_, answer) => IntegrationTable.Fields(answer)),
            _commands.Make(
                new Command("remove", "Remove a product that has no devices and no tokens. Its events stay until retention removes them.") { _name }, HttpMethod.Delete, ProductPath, _ => null,
                (result, _) => $"removed product {result.GetValue(_name)}"),
            rule, key, authority, BuildLimit(),
        };
    }

    private Command BuildLimit()
    {
        Option<bool> eachDevice = ValueOptions.Flag("--each-device", "The limits of each of its devices, instead of those of the product as a whole.");
        var options = new LimitOptions();
        return _commands.Make(
            options.AddTo(new Command("limit", "Change and show what the clients of a product may do, on each node; without options only show it. Connections and rates count for all of them together.") { _name, eachDevice }),
            HttpMethod.Patch, result => $"{ProductPath(result)}/{(result.GetValue(eachDevice) ? "device-limits" : "limits")}", options.Body, (_, answer) => LimitOptions.Format(answer));
    }

    private static string Count(JsonElement product, string list) => $"{product.GetProperty(list).GetArrayLength()}";

    private string ProductPath(ParseResult result) => $"products/{Uri.EscapeDataString(result.GetValue(_name)!)}";

    private Command BuildAddRule()
    {
        Argument<string> name = new("NAME") { Description = "The rule's name." };
        Option<string?> publish = ValueOptions.Text("--publish", "FILTER", "Each device may publish here; {device} and {product} stand for its id and its product, as in 'groups/{device}/#'.");
        Option<string?> subscribe = ValueOptions.Text("--subscribe", "FILTER", "Each device may subscribe to this, and to what is narrower.");
        var command = new Command("add", "Add a rule, or replace the one of that name.") { name, publish, subscribe };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(publish) is null) == (result.GetValue(subscribe) is null))
            {
                result.AddError("Give --publish FILTER or --subscribe FILTER, one of them.");
            }
        });
        return _settings.Make(
            command, HttpMethod.Post, result => _settings.ProductPath(result, "rules"),
            result => new JsonObject
            {
                ["name"] = result.GetValue(name),
                ["action"] = result.GetValue(publish) is null ? "subscribe" : "publish",
                ["filter"] = result.GetValue(publish) ?? result.GetValue(subscribe),
            },
            (result, _) => $"added rule {result.GetValue(name)}");
    }

    private Command BuildAddKey()
    {
        Argument<string> name = new("NAME") { Description = "The key's name; tokens may say it as kid." };
        Option<string> algorithm = new("--algorithm") { Description = "RS256, PS256, ES256 or HS256: the only one the key is used with.", HelpName = "NAME", DefaultValueFactory = _ => "ES256" };
        Option<string> file = new("--file") { Description = "The public key in PEM; of HS256 the secret in base64.", HelpName = "FILE", Required = true };
        Option<string?> audience = ValueOptions.Text("--audience", "TEXT", "What tokens must say as aud. [default: anything]");
        return _settings.Make(
            new Command("add", "Add a key, or replace the one of that name.") { name, algorithm, file, audience }, HttpMethod.Post, result => _settings.ProductPath(result, "signing-keys"),
            result => new JsonObject
            {
                ["name"] = result.GetValue(name),
                ["algorithm"] = result.GetValue(algorithm),
                ["key"] = File.ReadAllText(result.GetValue(file)!).Trim(),
                ["audience"] = result.GetValue(audience),
            },
            (result, _) => $"added key {result.GetValue(name)}");
    }

    private Command BuildAddAuthority()
    {
        Argument<string> name = new("NAME") { Description = "The authority's name." };
        Option<string> file = new("--file") { Description = "Its own certificate in PEM: a root. The common name of a device's certificate is the device's id.", HelpName = "FILE", Required = true };
        return _settings.Make(
            new Command("add", "Add an authority, or replace the one of that name.") { name, file }, HttpMethod.Post, result => _settings.ProductPath(result, "authorities"),
            result => new JsonObject { ["name"] = result.GetValue(name), ["certificate"] = File.ReadAllText(result.GetValue(file)!) },
            (result, _) => $"added authority {result.GetValue(name)}");
    }

    private Command BuildRemove(string resource, string noun)
    {
        Argument<string> name = new("NAME") { Description = $"The name of the {noun}." };
        return _settings.Make(
            new Command("remove", $"Remove a {noun}; whoever depends on it is disconnected.") { name }, HttpMethod.Delete,
            result => _settings.ProductPath(result, $"{resource}/{Uri.EscapeDataString(result.GetValue(name)!)}"), _ => null, (result, _) => $"removed {noun} {result.GetValue(name)}");
    }
}
