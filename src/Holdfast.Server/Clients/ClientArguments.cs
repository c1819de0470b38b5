using System.CommandLine;
using System.Text;
using Holdfast.Server.CommandLine;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Holdfast.Server.Clients;

/// <summary>The options that <c>pub</c> and <c>sub</c> have in common, as mosquitto_pub and mosquitto_sub name them.</summary>
/// <param name="program">The name in the default client identifier.</param>
internal sealed class ClientArguments(string program)
{
    private static readonly Dictionary<string, (ClientCarrier Carrier, int Port)> Carriers = new()
    {
        ["mqtt"] = (ClientCarrier.Tcp, 1883),
        ["mqtts"] = (ClientCarrier.Tls, 8883),
        ["ws"] = (ClientCarrier.WebSocket, 80),
        ["wss"] = (ClientCarrier.WebSocketOverTls, 443),
    };

    private readonly Option<string?> _host = ValueOptions.Text("-h", "HOST", "The broker's host. [default: localhost]", "--host");
    private readonly Option<int?> _port = new("-p", "--port") { Description = "The broker's port. [default: 1883, with TLS 8883]", HelpName = "PORT" };
    private readonly Option<string?> _url = ValueOptions.Text("-L", "URL", "Host, port, user, password and topic at once: mqtt://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], mqtts:// for TLS; ws:// and wss:// take a path instead of the topic.", "--url");
    private readonly Option<string?> _trusted = ValueOptions.Text("--ca", "FILE", "Trust the certificates in this PEM file instead of the system's.", "--cafile");
    private readonly Option<bool> _insecure = ValueOptions.Flag("--insecure", "Take any certificate: whoever is in between can read and change everything.");
    private readonly Option<string?> _clientId = ValueOptions.Text("-i", "ID", "The client identifier. [default: made from the process id]", "--id");
    private readonly Option<string?> _idPrefix = ValueOptions.Text("-I", "PREFIX", "The client identifier is PREFIX and the process id.", "--id-prefix");
    private readonly Option<string?> _userName = ValueOptions.Text("-u", "NAME", "The user name.", "--username");
    private readonly Option<string?> _password = ValueOptions.Text("-P", "PASSWORD", "The password.", "--pw");
    private readonly Option<string?> _version = ValueOptions.Text("-V", "VERSION", "The protocol version: 5 (mqttv5) or 3.1.1 (311, mqttv311). [default: 5]", "--protocol-version");
    private readonly Option<int> _quality = ValueOptions.Number("-q", "The quality of service: 0, 1 or 2.", 0, 0, 2, "--qos");
    private readonly Option<int> _keepAlive = ValueOptions.Number("-k", "The keep-alive in seconds; 0 for none.", 60, 0, 65535, "--keepalive");
    private readonly Option<bool> _keepSession = ValueOptions.Flag("-c", "Keep the session: nothing is thrown away at CONNECT, and it does not expire. Needs -i.", "--disable-clean-session");
    private readonly Option<string?> _expiry = ValueOptions.Text("-x", "SECONDS", "How long the session outlives the connection; -1 for ever. [default: 0, with -c for ever]", "--session-expiry-interval");
    private readonly Option<string[]> _properties = new("-D", "--property")
    {
        Description = "An MQTT 5 property: COMMAND IDENTIFIER VALUE, for example PUBLISH user-property NAME VALUE, PUBLISH content-type text/plain, CONNECT receive-maximum 10. Repeatable.",
        HelpName = "PROPERTY",
        Arity = new ArgumentArity(3, 4096),
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _willTopic = ValueOptions.Text("--will-topic", "TOPIC", "The topic of the will.");
    private readonly Option<string?> _willPayload = ValueOptions.Text("--will-payload", "TEXT", "The payload of the will.");
    private readonly Option<int> _willQuality = ValueOptions.Number("--will-qos", "The quality of service of the will.", 0, 0, 2);
    private readonly Option<bool> _willRetain = ValueOptions.Flag("--will-retain", "The will is retained.");
    private readonly Option<bool> _debug = ValueOptions.Flag("-d", "Tell each step on standard error.", "--debug");
    private readonly Option<bool> _quiet = ValueOptions.Flag("--quiet", "Print no errors.");
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Write one JSON object per message.");

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    public void AddTo(Command command)
    {
        Option[] options =
        [
            _host, _port, _url, _trusted, _insecure, _clientId, _idPrefix, _userName, _password, _version, _quality, _keepAlive, _keepSession, _expiry, _properties,
            _willTopic, _willPayload, _willQuality, _willRetain, _debug, _quiet, _json,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    /// <summary>Reads the options.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="options">The options.</param>
    /// <param name="topicOfUrl">The topic in <c>-L</c>, or null.</param>
    /// <returns>What is wrong and what to do, or null.</returns>
    public string? TryBind(ParseResult result, out ClientOptions options, out string? topicOfUrl)
    {
        options = new ClientOptions { Host = "localhost", Port = 1883, ClientId = "" };
        topicOfUrl = null;
        if (result.GetValue(_url) is { } url && ReadUrl(url, ref options, out topicOfUrl) is { } urlError)
        {
            return urlError;
        }

        if (ReadVersion(result.GetValue(_version)) is not { } version)
        {
            return $"-V {result.GetValue(_version)}: use 5 or 3.1.1.";
        }

        bool keepSession = result.GetValue(_keepSession);
        if (ReadExpiry(result.GetValue(_expiry), keepSession) is not { } expiry)
        {
            return $"-x {result.GetValue(_expiry)}: write seconds, or -1 for a session that does not expire.";
        }

        if (keepSession && string.IsNullOrEmpty(result.GetValue(_clientId)))
        {
            return "-c keeps a session, so it needs a client identifier to find it again: add -i ID.";
        }

        string? problem = CommandProperty.TryParse(result.GetValue(_properties) ?? [], out IReadOnlyList<CommandProperty> properties);
        if (problem is not null || (properties.Count > 0 && version != MqttProtocolVersion.V500))
        {
            return problem ?? "-D needs MQTT 5; leave -V out.";
        }

        options = options with
        {
            Host = result.GetValue(_host) ?? options.Host,
            Port = result.GetValue(_port) ?? options.Port,
            ClientId = result.GetValue(_clientId) ?? $"{result.GetValue(_idPrefix) ?? $"holdfast-{program}-"}{Environment.ProcessId}",
            UserName = result.GetValue(_userName) ?? options.UserName,
            Password = result.GetValue(_password) ?? options.Password,
            Version = version,
            QualityOfService = (MqttQualityOfServiceLevel)result.GetValue(_quality),
            KeepAliveSeconds = result.GetValue(_keepAlive),
            CleanStart = !keepSession,
            SessionExpirySeconds = expiry,
            TrustedCertificates = result.GetValue(_trusted),
            Insecure = result.GetValue(_insecure),
            Properties = properties,
            Will = ReadWill(result),
            Debug = result.GetValue(_debug),
            Quiet = result.GetValue(_quiet),
            Json = result.GetValue(_json),
        };
        return null;
    }

    private static MqttProtocolVersion? ReadVersion(string? text) => text switch
    {
        null or "5" or "mqttv5" => MqttProtocolVersion.V500,
        "3.1.1" or "311" or "mqttv311" => MqttProtocolVersion.V311,
        _ => null,
    };

    private static uint? ReadExpiry(string? text, bool keepSession) => text switch
    {
        null => keepSession ? uint.MaxValue : 0,
        "-1" or "∞" => uint.MaxValue,
        _ => uint.TryParse(text, out uint seconds) ? seconds : null,
    };

    private static string? ReadUrl(string text, ref ClientOptions options, out string? topic)
    {
        topic = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || !Carriers.TryGetValue(url.Scheme, out (ClientCarrier Carrier, int Port) known) || url.Host.Length == 0)
        {
            return $"-L {text}: write it as mqtt://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], or with mqtts://, ws:// or wss://.";
        }

        string[] user = url.UserInfo.Split(':', 2);
        string path = Uri.UnescapeDataString(url.AbsolutePath) + Uri.UnescapeDataString(url.Fragment);
        bool isWebSocket = known.Carrier is ClientCarrier.WebSocket or ClientCarrier.WebSocketOverTls;
        topic = !isWebSocket && path.Length > 1 ? path[1..] : null;
        options = options with
        {
            Carrier = known.Carrier,
            Host = url.Host.Trim('[', ']'),
            Port = url.Port < 0 || (isWebSocket && url.IsDefaultPort) ? known.Port : url.Port,
            WebSocketPath = isWebSocket && path.Length > 1 ? path : options.WebSocketPath,
            UserName = url.UserInfo.Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
            Password = user.Length == 2 ? Uri.UnescapeDataString(user[1]) : null,
        };
        return null;
    }

    private ClientWill? ReadWill(ParseResult result) => result.GetValue(_willTopic) is { } topic
        ? new ClientWill(
            topic,
            Encoding.UTF8.GetBytes(result.GetValue(_willPayload) ?? ""),
            (MqttQualityOfServiceLevel)result.GetValue(_willQuality),
            result.GetValue(_willRetain))
        : null;
}
