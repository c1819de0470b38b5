using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Holdfast.Server.CommandLine;
using Holdfast.Server.Serving;
using Holdfast.Status.Watching;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.StatusPage;

/// <summary>The command <c>watch</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class WatchArguments(Terminal terminal)
{
    private const string TokenVariable = "HOLDFAST_WATCHER_TOKEN";

    private static readonly Dictionary<string, string> Components = new()
    {
        ["mqtt"] = "MQTT",
        ["mqtts"] = "MQTT over TLS",
        ["ws"] = "MQTT over WebSocket",
        ["wss"] = "MQTT over WebSocket (TLS)",
        ["http"] = "HTTP",
        ["https"] = "HTTPS",
    };

    private static readonly WatchOptions Defaults = new() { Targets = [] };

    private readonly Option<WatchTarget[]> _target = new("--target")
    {
        Description = "What to watch: mqtt://, mqtts://, ws://, wss:// (any broker), http:// or https:// (Holdfast's API); repeatable; COMPONENT=URL names it on the page.",
        HelpName = "URL",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => [.. result.Tokens.Select(token => ParseTarget(token.Value, result)).OfType<WatchTarget>()],
    };

    private readonly Option<Uri?> _report = ValueOptions.Address(
        "--report", "The status page to report to. Without one, the rounds are only printed.", "https://status.example.com", "http", "https");

    private readonly Option<string?> _token = ValueOptions.Text("--token", "TOKEN", $"The watcher's token, as 'holdfast status watcher add' printed it. [default: the variable {TokenVariable}]");
    private readonly Option<string?> _targetToken = ValueOptions.Text("--target-token", "TOKEN", "The API token for http:// and https:// targets.");
    private readonly Option<TimeSpan?> _interval = ValueOptions.Duration("--interval", "From one round to the next.", Defaults.Interval);
    private readonly Option<TimeSpan?> _timeout = ValueOptions.Duration("--timeout", "A step that takes longer has failed.", Defaults.StepTimeout);
    private readonly Option<TimeSpan?> _late = ValueOptions.Duration("--late", "A step that takes longer is late.", Defaults.LateAfter);
    private readonly Option<ListenUrl?> _webhookListen = new("--webhook-listen")
    {
        Description = "Take webhooks here, http://ADDRESS:PORT, so that the way of an event to a webhook is watched too. Needs --webhook-url.",
        HelpName = "URL",
        CustomParser = result =>
        {
            if (!ListenUrl.TryParse(result.Tokens[^1].Value, out ListenUrl? url, out string error) || url!.Scheme != ListenScheme.Http)
            {
                result.AddError(error.Length > 0 ? error : $"--webhook-listen {result.Tokens[^1].Value}: write it as http://ADDRESS:PORT.");
            }

            return url;
        },
    };

    private readonly Option<Uri?> _webhookUrl = ValueOptions.Address(
        "--webhook-url", "Where the cloud reaches --webhook-listen. The integration is made, and removed at the end.", "https://watcher.example.com/", "http", "https");

    private readonly Option<bool> _once = ValueOptions.Flag("--once", "One round; the exit code is 1 when a step has failed.");
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print each step as JSON.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command("watch", "Watch a cloud from outside with synthetic devices, step by step, and report to a status page.")
        {
            _target, _report, _token, _targetToken, _interval, _timeout, _late, _webhookListen, _webhookUrl, _once, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static WatchTarget? ParseTarget(string text, ArgumentResult result)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        bool isNamed = equals > 0 && equals < text.IndexOf("://", StringComparison.Ordinal);
        string address = isNamed ? text[(equals + 1)..] : text;
        if (Uri.TryCreate(address, UriKind.Absolute, out Uri? url) && Components.TryGetValue(url.Scheme, out string? component))
        {
            return new WatchTarget(isNamed ? text[..equals] : component, url);
        }

        // The address may hold a password, so it is not repeated.
        result.AddError("--target: write it as mqtt://HOST:PORT, or with mqtts, ws, wss, http or https.");
        return null;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var options = new WatchOptions
        {
            Targets = result.GetValue(_target)!,
            Report = result.GetValue(_report),
            Token = result.GetValue(_token) ?? Environment.GetEnvironmentVariable(TokenVariable) ?? "",
            TargetToken = result.GetValue(_targetToken),
            WebhookListener = result.GetValue(_webhookListen)?.EndPoint,
            WebhookUrl = result.GetValue(_webhookUrl),
            Interval = result.GetValue(_interval) ?? Defaults.Interval,
            StepTimeout = result.GetValue(_timeout) ?? Defaults.StepTimeout,
            LateAfter = result.GetValue(_late) ?? Defaults.LateAfter,
        };
        if (options.Report is not null && options.Token.Length == 0)
        {
            return terminal.RefuseUsage("watch", $"--report needs a token: --token, or the variable {TokenVariable}.");
        }

        if (options.WebhookListener is null != options.WebhookUrl is null)
        {
            return terminal.RefuseUsage("watch", "--webhook-listen and --webhook-url belong together: where webhooks are taken, and where the cloud reaches that.");
        }

        bool json = result.GetValue(_json);
        bool hasFailed = false;
        using ILoggerFactory loggers = LoggerFactory.Create(logging => Logging.Configure(logging, json));
        await using var watcher = new Watcher(options, TimeProvider.System, loggers.CreateLogger("Holdfast.Watch"));
        await watcher.RunAsync(
            steps =>
            {
                hasFailed |= steps.Any(step => step.Verdict == "failed");
                Print(steps, json);
            },
            result.GetValue(_once) ? 1 : null,
            cancellationToken);
        return hasFailed ? ExitCodes.Failure : ExitCodes.Success;
    }

    private void Print(IReadOnlyList<WatchedStep> steps, bool json)
    {
        foreach (WatchedStep step in steps)
        {
            terminal.Text.WriteLine(json
                ? JsonSerializer.Serialize(step, JsonSerializerOptions.Web)
                : $"{step.Component}: {step.Step} {step.Verdict} {step.Milliseconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)} ms {step.Detail}".TrimEnd());
        }
    }
}
