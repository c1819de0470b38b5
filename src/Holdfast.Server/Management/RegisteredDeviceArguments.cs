using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The command <c>device</c>: the registry of devices.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class RegisteredDeviceArguments(Terminal terminal)
{
    private readonly RegistryCommands _commands = new(terminal, withProduct: true);
    private readonly Argument<string> _id = new("ID") { Description = "The device's id: letters, digits, '-', '_', '.' and ':'." };

    /// <summary>Makes the command.</summary>
    public Command Build() => new("device", "Manage devices and what they show when they connect.")
    {
        BuildAdd(), BuildList(),
        _commands.Make(
            new Command("show", "Show a device: its keys, its certificates, whether it is connected.") { _id }, HttpMethod.Get, result => PathOf(result), _ => null,
            (_, answer) => IntegrationTable.Fields(answer)),
        _commands.Make(
            new Command("rotate", "Give a device a new key, printed once; the old one stays valid for a while. A revoked device is accepted again, with this key.") { _id, _commands.Overlap },
            HttpMethod.Post, result => PathOf(result, "/key"), _commands.OverlapBody, (result, answer) => $"rotated {result.GetValue(_id)}{Key(answer)}"),
        _commands.Make(
            new Command("revoke", "Accept nothing of a device any more, and disconnect it.") { _id }, HttpMethod.Post, result => PathOf(result, "/revocation"), _ => null,
            (result, _) => $"revoked {result.GetValue(_id)}"),
        _commands.Make(
            new Command("remove", "Remove a device from the registry, and disconnect it. Its events stay.") { _id }, HttpMethod.Delete, result => PathOf(result), _ => null,
            (result, _) => $"removed {result.GetValue(_id)}"),
        BuildPin(), BuildUnpin(), BuildLimit(),
    };

    private Command BuildLimit()
    {
        var options = new LimitOptions();
        return _commands.Make(
            options.AddTo(new Command("limit", "Change and show what one device may do, on each node; without options only show it. What is not said here is as its product says of each device.") { _id }),
            HttpMethod.Patch, result => PathOf(result, "/limits"), options.Body, (_, answer) => LimitOptions.Format(answer));
    }

    private Command BuildAdd()
    {
        Option<string?> title = ValueOptions.Text("--title", "TEXT", "What people call it.");
        Option<string?> certificate = ValueOptions.Text("--certificate", "FILE", "Pin this certificate (PEM) to it.");
        Option<bool> withKey = ValueOptions.Flag("--with-key", "Give it a key although it has a certificate.");
        return _commands.Make(
            new Command("add", "Add a device. Prints its key, once.") { _id, title, certificate, withKey }, HttpMethod.Post, result => _commands.ProductPath(result, "devices"),
            result => new JsonObject
            {
                ["id"] = result.GetValue(_id),
                ["title"] = result.GetValue(title),
                ["certificate"] = result.GetValue(certificate) is { } file ? File.ReadAllText(file) : null,
                ["key"] = result.GetValue(certificate) is null || result.GetValue(withKey),
            },
            (_, answer) => $"added {RegistryCommands.Text(answer, "id")}; its user name is {RegistryCommands.Text(answer, "product")}/{RegistryCommands.Text(answer, "id")}{Key(answer)}");
    }

    private Command BuildList()
    {
        Option<string?> after = ValueOptions.Text("--after", "ID", "Begin behind this device.");
        Option<int> limit = new("--limit") { Description = "The most that are listed, up to 1000.", HelpName = "COUNT", DefaultValueFactory = _ => 100 };
        return _commands.Make(
            new Command("list", "List the devices of a product.") { after, limit }, HttpMethod.Get,
            result => _commands.ProductPath(result, $"devices?limit={result.GetValue(limit)}&after={Uri.EscapeDataString(result.GetValue(after) ?? "")}"), _ => null,
            (_, answer) => RegistryCommands.Table(
                answer.GetProperty("devices"), ["ID", "TITLE", "CONNECTED", "LAST SEEN", "KEYS", "CERTIFICATES", "REVOKED"],
                one =>
                [
                    RegistryCommands.Text(one, "id"), RegistryCommands.Text(one, "title"), one.GetProperty("connected").GetBoolean() ? "yes" : "no", RegistryCommands.Text(one, "lastSeenAt"),
                    $"{one.GetProperty("keys").GetArrayLength()}", $"{one.GetProperty("certificates").GetArrayLength()}", RegistryCommands.Text(one, "revokedAt"),
                ])
                + (RegistryCommands.Text(answer, "next") is { Length: > 0 } next ? $"\nmore: --after {next}" : ""));
    }

    private Command BuildPin()
    {
        Option<string> certificate = new("--certificate") { Description = "The certificate in PEM.", HelpName = "FILE", Required = true };
        return _commands.Make(
            new Command("pin", "Pin a certificate to a device.") { _id, certificate }, HttpMethod.Post, result => PathOf(result, "/certificates"),
            result => new JsonObject { ["certificate"] = File.ReadAllText(result.GetValue(certificate)!) }, (result, _) => $"pinned a certificate to {result.GetValue(_id)}");
    }

    private Command BuildUnpin()
    {
        Argument<string> thumbprint = new("THUMBPRINT") { Description = "SHA-256 of the certificate, as 'device show' tells it." };
        return _commands.Make(
            new Command("unpin", "Take a certificate from a device, and disconnect it.") { _id, thumbprint }, HttpMethod.Delete,
            result => PathOf(result, $"/certificates/{Uri.EscapeDataString(result.GetValue(thumbprint)!)}"), _ => null, (result, _) => $"took the certificate from {result.GetValue(_id)}");
    }

    private string PathOf(ParseResult result, string below = "") => _commands.ProductPath(result, $"devices/{Uri.EscapeDataString(result.GetValue(_id)!)}{below}");

    private static string Key(JsonElement answer) => RegistryCommands.Text(answer, "key") is { Length: > 0 } key ? $"\nkey, shown this once: {key}" : "";
}
