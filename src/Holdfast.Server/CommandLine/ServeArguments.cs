using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Holdfast.Integrations.Network;
using Holdfast.Server.Serving;

namespace Holdfast.Server.CommandLine;

/// <summary>The command <c>serve</c>.</summary>
internal sealed class ServeArguments
{
    private static readonly ServeOptions Defaults = new();

    /// <summary>Read before the command line is parsed: for the help.</summary>
    private readonly Option<string?> _config = Configuration.NewFileOption();

    private readonly Option<string> _data = new("--data")
    {
        Description = "The data directory; made when it is missing.",
        HelpName = "DIR",
        DefaultValueFactory = _ => Defaults.Data,
    };

    private readonly Option<ListenUrl[]> _listen = new("--listen")
    {
        Description = "Where to listen: mqtt://, mqtts://, ws://, wss:// (with a path, else /mqtt), http:// or https:// and ADDRESS:PORT; repeatable; port 0 takes a free one. Behind it ?anonymous=yes or =no (default: on loopback only), of mqtts and wss &client-certificates=optional or =required, and limits such as &connections=10000&publish-rate=5000. [default: mqtt://127.0.0.1:1883 and http://127.0.0.1:8080]",
        HelpName = "URL",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = ParseListen,
    };

    private readonly Option<bool> _allowAnonymous = ValueOptions.Flag("--allow-anonymous", "Let clients without credentials in from other machines too, on every listener that does not say otherwise.");
    private readonly CertificateArguments _certificate = new();
    private readonly ClusterArguments _cluster = new();
    private readonly Option<string[]> _allowOrigin = new("--allow-origin")
    {
        Description = "Let web pages of this origin, such as https://example.com, connect over WebSocket; repeatable; * for all. [default: the server's own]",
        HelpName = "ORIGIN",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<TimeSpan?> _ackDeadline = ValueOptions.Duration("--ack-deadline", "When commits take longer, all clients are disconnected, so that they buffer.", Defaults.AckDeadline);
    private readonly Option<TimeSpan?> _maximumKeepAlive = ValueOptions.Duration("--maximum-keep-alive", "MQTT 5 clients that ask for a longer keep-alive, or none, get this one. [default: the client's]", null);
    private readonly Option<string?> _serverReference = ValueOptions.Text("--server-reference", "SERVER", "Where MQTT 5 clients are sent when this node cannot commit or shuts down, such as other.example:8883.");
    private readonly Option<long?> _minFree = ValueOptions.Size("--min-free", "Below so much free room publishing is refused. [default: 256MB]");
    private readonly Option<TimeSpan?> _retentionAge = ValueOptions.Duration("--retention-age", "Older events are removed.", Defaults.RetentionAge);
    private readonly Option<long?> _retentionBytes = ValueOptions.Size("--retention-bytes", "The oldest events are removed while the log is larger. [default: no bound]", minimum: 1);
    private readonly Option<long?> _maximumPayload = ValueOptions.Size("--maximum-payload", "The largest message accepted. [default: 256kB]", minimum: 1, maximum: 16_000_000);
    private readonly Option<long?> _memoryLimit = ValueOptions.Size("--memory-limit", "Near so much memory publishers are slowed down, then QoS 0 is dropped and nobody new let in. [default: three quarters of the machine's or the container's]", minimum: 64_000_000);
    private readonly Option<long?> _segmentBytes = ValueOptions.Size("--segment-bytes", "The size at which a segment of the log is sealed. [default: 64MiB]", minimum: 64 * 1024);
    private readonly Option<bool> _allowPrivateWebhooks = ValueOptions.Flag("--allow-private-webhooks", "Let webhooks and bridges connect to any address: loopback, private networks, link-local. Without it only to the public internet.");
    private readonly Option<IPNetwork[]> _allowWebhookNetwork = new("--allow-webhook-network")
    {
        Description = "Let webhooks connect to this network too, such as 10.1.0.0/16; repeatable.",
        HelpName = "NETWORK",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = ParseNetworks,
    };

    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Write log lines as JSON.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command("serve", "Run the broker: MQTT and HTTP in, every accepted event on disk before it is acknowledged.")
        {
            _config, _data, _listen, _allowAnonymous, _allowOrigin, _ackDeadline, _maximumKeepAlive, _serverReference, _minFree, _retentionAge, _retentionBytes, _maximumPayload, _memoryLimit, _segmentBytes, _allowPrivateWebhooks, _allowWebhookNetwork, _json,
        };
        _certificate.AddTo(command);
        _cluster.AddTo(command);
        command.Validators.Add(result =>
        {
            try
            {
                if ((_certificate.Problem(result, Listen(result)) ?? _cluster.Problem(result)) is { } problem)
                {
                    result.AddError(problem);
                }
            }
            catch (InvalidOperationException)
            {
                // A value that cannot be read. The options are looked at after this, and tell it by an error of their own.
            }
        });
        command.SetAction((result, cancellationToken) => ServeCommand.RunAsync(Bind(result), cancellationToken));
        return command;
    }

    /// <summary>The options of a command line without errors.</summary>
    /// <param name="result">The parsed command line.</param>
    public ServeOptions Bind(ParseResult result) => new()
    {
        Data = result.GetValue(_data) ?? Defaults.Data,
        Listen = Listen(result.CommandResult),
        Certificate = _certificate.Bind(result),
        Cluster = _cluster.Bind(result),
        AllowedOrigins = result.GetValue(_allowOrigin) ?? [],
        AllowAnonymous = result.GetValue(_allowAnonymous),
        AckDeadline = result.GetValue(_ackDeadline) ?? Defaults.AckDeadline,
        MaximumKeepAlive = result.GetValue(_maximumKeepAlive),
        ServerReference = result.GetValue(_serverReference),
        MinFreeBytes = result.GetValue(_minFree) ?? Defaults.MinFreeBytes,
        RetentionAge = result.GetValue(_retentionAge) ?? Defaults.RetentionAge,
        RetentionBytes = result.GetValue(_retentionBytes),
        MaximumPayloadBytes = (int)(result.GetValue(_maximumPayload) ?? Defaults.MaximumPayloadBytes),
        MemoryLimitBytes = result.GetValue(_memoryLimit),
        SegmentBytes = result.GetValue(_segmentBytes) ?? Defaults.SegmentBytes,
        WebhookAddresses = result.GetValue(_allowPrivateWebhooks) ? AddressPolicy.AllowAll : AddressPolicy.PublicAnd(result.GetValue(_allowWebhookNetwork) ?? []),
        Json = result.GetValue(_json),
    };

    private IReadOnlyList<ListenUrl> Listen(CommandResult result) => result.GetValue(_listen) is { Length: > 0 } listen ? listen : Defaults.Listen;

    private static IPNetwork[] ParseNetworks(ArgumentResult result)
    {
        var networks = new List<IPNetwork>();
        foreach (Token token in result.Tokens)
        {
            // .NET clears the other bits in silence; who wrote them meant something else.
            if (IPNetwork.TryParse(token.Value, out IPNetwork network) && IPAddress.TryParse(token.Value.Split('/')[0], out IPAddress? address) && network.BaseAddress.Equals(address))
            {
                networks.Add(network);
            }
            else
            {
                result.AddError($"--allow-webhook-network {token.Value}: write a network such as 10.1.0.0/16 or fd00::/8, its other bits zero.");
            }
        }

        return [.. networks];
    }

    private static ListenUrl[] ParseListen(ArgumentResult result)
    {
        var urls = new List<ListenUrl>();
        foreach (Token token in result.Tokens)
        {
            if (ListenUrl.TryParse(token.Value, out ListenUrl? url, out string error))
            {
                urls.Add(url!);
            }
            else
            {
                result.AddError(error);
            }
        }

        return [.. urls];
    }
}
