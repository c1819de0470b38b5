using System.CommandLine;
using System.Text.Json;
using Holdfast.Broker.Naming;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The command <c>integration</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class IntegrationArguments(Terminal terminal)
{
    private readonly ServerArguments _server = new();

    /// <summary>Makes the command.</summary>
    public Command Build() => new("integration", "Manage what carries events elsewhere, such as webhooks.") { BuildAdd(), BuildList(), BuildRemove() };

    /// <summary>The name of a webhook without <c>--name</c>: told by its address, so that adding it twice is noticed.</summary>
    /// <param name="url">The webhook's address.</param>
    public static string DefaultName(Uri url)
    {
        string text = url.IsDefaultPort ? url.Host : $"{url.Host}-{url.Port}";
        string name = "webhook-" + string.Concat(text.ToLowerInvariant().Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-').SkipWhile(character => character == '-'));
        return name.Length <= ResourceName.MaximumLength ? name : name[..ResourceName.MaximumLength];
    }

    private Command BuildAdd()
    {
        var webhook = new Option<Uri?>("--webhook")
        {
            Description = "Post each matching event to this address.",
            HelpName = "URL",
            Required = true,
            CustomParser = result => ParseWebhook(result),
        };
        var filter = new Option<string>("--filter") { Description = "The topic filter of the events, such as 'devices/+/events/#'.", HelpName = "FILTER", Required = true };
        Option<string?> name = ValueOptions.Text("--name", "NAME", "The integration's name. [default: made from the address]");
        var command = new Command("add", "Add a webhook. It gets every matching event from now on, at least once, in order per device.") { webhook, filter, name };
        _server.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            Uri url = result.GetValue(webhook)!;
            var body = new IntegrationBody(result.GetValue(name) ?? DefaultName(url), "webhook", result.GetValue(filter)!, url.ToString());
            ApiAnswer answer = await SendAsync(result, HttpMethod.Post, "", JsonSerializer.Serialize(body, ManagementJson.Default.IntegrationBody), cancellationToken);
            return Print(result, answer, $"added {body.Name}: events that match {body.Filter} go to {body.Url}");
        });
        return command;
    }

    private Command BuildList()
    {
        var command = new Command("list", "List the integrations and how far each is.");
        _server.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ApiAnswer answer = await SendAsync(result, HttpMethod.Get, "", null, cancellationToken);
            return Print(result, answer, answer.IsSuccess ? IntegrationTable.Format(answer.Body) : "");
        });
        return command;
    }

    private Command BuildRemove()
    {
        var name = new Argument<string>("NAME") { Description = "The integration's name." };
        var command = new Command("remove", "Remove an integration. What it has not delivered stays in the log.") { name };
        _server.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            string text = result.GetValue(name)!;
            ApiAnswer answer = await SendAsync(result, HttpMethod.Delete, "/" + Uri.EscapeDataString(text), null, cancellationToken);
            return Print(result, answer, $"removed {text}");
        });
        return command;
    }

    private async Task<ApiAnswer> SendAsync(ParseResult result, HttpMethod method, string path, string? body, CancellationToken cancellationToken)
    {
        using ApiClient api = _server.Connect(result);
        return await api.SendAsync(method, $"{_server.ProductPath(result)}/integrations{path}", body, cancellationToken);
    }

    private int Print(ParseResult result, ApiAnswer answer, string text)
    {
        if (!answer.IsSuccess)
        {
            return terminal.Fail(answer.Problem);
        }

        if (_server.Json(result))
        {
            text = answer.Body.ValueKind == JsonValueKind.Undefined ? "{}" : answer.Body.GetRawText();
        }

        terminal.Text.WriteLine(text);
        return ExitCodes.Success;
    }

    private static Uri? ParseWebhook(System.CommandLine.Parsing.ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
        {
            return url;
        }

        result.AddError($"--webhook {text}: write a complete address, such as https://example.com/events.");
        return null;
    }
}
