using System.Net;
using Holdfast.Broker.Limits;
using Holdfast.Transport.Tls;

namespace Holdfast.Server.CommandLine;

/// <summary>What a listener speaks.</summary>
internal enum ListenScheme
{
    /// <summary>MQTT over TCP.</summary>
    Mqtt,

    /// <summary>MQTT over TLS.</summary>
    Mqtts,

    /// <summary>MQTT over WebSocket.</summary>
    Ws,

    /// <summary>MQTT over WebSocket over TLS.</summary>
    Wss,

    /// <summary>HTTP/1.1.</summary>
    Http,

    /// <summary>HTTP/1.1 and HTTP/2 over TLS.</summary>
    Https,
}

/// <summary>Where to listen, as in <c>--listen mqtt://127.0.0.1:1883</c>.</summary>
/// <param name="Scheme">What is spoken there.</param>
/// <param name="EndPoint">The address; port 0 asks the operating system for a free one.</param>
/// <param name="Path">The path of a WebSocket listener; else empty.</param>
internal sealed record ListenUrl(ListenScheme Scheme, IPEndPoint EndPoint, string Path = "")
{
    private const string DefaultPath = "/mqtt";

    private static readonly Dictionary<string, (ListenScheme Scheme, int Port)> Schemes = new()
    {
        ["mqtt"] = (ListenScheme.Mqtt, 1883),
        ["mqtts"] = (ListenScheme.Mqtts, 8883),
        ["ws"] = (ListenScheme.Ws, 8083),
        ["wss"] = (ListenScheme.Wss, 8084),
        ["http"] = (ListenScheme.Http, 8080),
        ["https"] = (ListenScheme.Https, 8443),
    };

    /// <summary>Whether clients without credentials are admitted; null for the default: on loopback.</summary>
    public bool? Anonymous { get; init; }

    /// <summary>Whether clients are asked for certificates.</summary>
    public ClientCertificateMode ClientCertificates { get; init; }

    /// <summary>What clients that come by it may do.</summary>
    public ClientLimits Limits { get; init; } = ClientLimits.None;

    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(EndPoint.Address);

    /// <summary>Whether it speaks MQTT, however carried.</summary>
    public bool IsMqtt => Scheme is not (ListenScheme.Http or ListenScheme.Https);

    /// <summary>Whether it needs a certificate.</summary>
    public bool IsTls => Scheme is ListenScheme.Mqtts or ListenScheme.Wss or ListenScheme.Https;

    /// <summary>Whether MQTT comes over WebSocket.</summary>
    public bool IsWebSocket => Scheme is ListenScheme.Ws or ListenScheme.Wss;

    /// <summary>Reads a listener.</summary>
    /// <param name="text">The text.</param>
    /// <param name="url">The listener, or null.</param>
    /// <param name="error">What is wrong and what to do, or empty.</param>
    public static bool TryParse(string text, out ListenUrl? url, out string error)
    {
        url = null;
        int separator = text.IndexOf("://", StringComparison.Ordinal);
        if (separator < 0 || !Schemes.TryGetValue(text[..separator], out (ListenScheme Scheme, int Port) known))
        {
            error = $"--listen {text}: write it as {string.Join(", ", Schemes.Keys.Select(scheme => scheme + "://"))} and ADDRESS:PORT.";
            return false;
        }

        int query = text.IndexOf('?', StringComparison.Ordinal);
        string address = query < 0 ? text[(separator + 3)..] : text[(separator + 3)..query];
        int slash = address.IndexOf('/', StringComparison.Ordinal);
        string path = slash < 0 ? "" : address[slash..].TrimEnd('/');
        address = slash < 0 ? address : address[..slash];
        bool isWebSocket = known.Scheme is ListenScheme.Ws or ListenScheme.Wss;
        if (path.Length > 0 && (!isWebSocket || path.Contains('#', StringComparison.Ordinal)))
        {
            error = $"--listen {text}: {(isWebSocket ? "the path has no fragment." : "only ws:// and wss:// have a path.")}";
            return false;
        }

        if (address == "localhost" || address.StartsWith("localhost:", StringComparison.Ordinal))
        {
            address = "127.0.0.1" + address["localhost".Length..];
        }

        if (!IPEndPoint.TryParse(address, out IPEndPoint? endPoint))
        {
            error = $"--listen {text}: '{address}' is not an address; use an IP address of this machine, 0.0.0.0 or [::] for all of them, or localhost.";
            return false;
        }

        bool portGiven = address.StartsWith('[') ? address.Contains("]:", StringComparison.Ordinal) : address.Count(character => character == ':') == 1;
        error = "";
        url = new ListenUrl(
            known.Scheme,
            portGiven ? endPoint : new IPEndPoint(endPoint.Address, known.Port),
            isWebSocket && path.Length == 0 ? DefaultPath : path);
        return query < 0 || TryParseRules(text, text[(query + 1)..], ref url, out error);
    }

    private static bool TryParseRules(string text, string query, ref ListenUrl? url, out string error)
    {
        error = "";
        foreach (string rule in query.Split('&'))
        {
            ListenUrl? ruled = rule switch
            {
                "anonymous=yes" when url!.IsMqtt => url with { Anonymous = true },
                "anonymous=no" when url!.IsMqtt => url with { Anonymous = false },
                "client-certificates=none" when url!.IsMqtt && url.IsTls => url with { ClientCertificates = ClientCertificateMode.None },
                "client-certificates=optional" when url!.IsMqtt && url.IsTls => url with { ClientCertificates = ClientCertificateMode.Optional },
                "client-certificates=required" when url!.IsMqtt && url.IsTls => url with { ClientCertificates = ClientCertificateMode.Required },
                _ => Limited(url!, rule),
            };
            if (ruled is null)
            {
                error = LimitOf(rule) is { } field && url!.IsMqtt
                    ? $"--listen {text}: {field.Option}: {LimitText.Advice(field)}."
                    : $"--listen {text}: behind ? stand anonymous=yes or =no (MQTT), and client-certificates=none, =optional or =required (mqtts, wss), and limits such as publish-rate=1000 (MQTT: {string.Join(", ", LimitsOfListeners.Select(limit => limit.Option))}), with & between them.";
                url = null;
                return false;
            }

            url = ruled;
        }

        return true;
    }

    /// <summary>A session outlives the listener that its client came by, so what waits for it is not a listener's to limit.</summary>
    private static IEnumerable<LimitField> LimitsOfListeners => LimitField.All.Where(limit => limit.Name is not ("queueAgeSeconds" or "queueBytes"));

    private static LimitField? LimitOf(string rule) => LimitsOfListeners.FirstOrDefault(field => rule.StartsWith(field.Option + "=", StringComparison.Ordinal));

    private static ListenUrl? Limited(ListenUrl url, string rule)
        => url.IsMqtt && LimitOf(rule) is { } field && LimitText.TryParse(field, rule[(field.Option.Length + 1)..], out long value)
            ? url with { Limits = field.With(url.Limits, value) } : null;

    /// <inheritdoc/>
    public override string ToString() => $"{Schemes.First(known => known.Value.Scheme == Scheme).Key}://{EndPoint}{Path}";
}
