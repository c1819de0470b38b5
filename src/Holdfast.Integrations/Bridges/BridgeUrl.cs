using System.Diagnostics.CodeAnalysis;

namespace Holdfast.Integrations.Bridges;

/// <summary>The address of another broker.</summary>
/// <param name="Uri">As it was given.</param>
internal sealed record BridgeUrl(Uri Uri)
{
    private const int MqttPort = 1883;
    private const int SecureMqttPort = 8883;

    /// <summary>Whether the bytes are encrypted.</summary>
    public bool IsSecure => Uri.Scheme is "mqtts" or "wss";

    /// <summary>Whether MQTT is carried in WebSocket messages.</summary>
    public bool IsWebSocket => Uri.Scheme is "ws" or "wss";

    /// <summary>The port, also when it was not given.</summary>
    public int Port => Uri.Port > 0 ? Uri.Port : IsSecure ? SecureMqttPort : MqttPort;

    /// <summary>The name or address.</summary>
    public string Host => Uri.IdnHost;

    public static bool TryParse(string text, [NotNullWhen(true)] out BridgeUrl? url, out string problem)
    {
        url = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("mqtt" or "mqtts" or "ws" or "wss") || uri.Host.Length == 0)
        {
            problem = "The URL must be that of a broker, such as mqtts://broker.example.com:8883; the schemes are mqtt, mqtts, ws and wss.";
        }
        else if (uri.UserInfo.Length > 0)
        {
            problem = "The URL must not contain a user name or password: they would be shown and logged. Give username and password.";
        }
        else if (uri.Scheme is "mqtt" or "mqtts" && uri.PathAndQuery is not ("" or "/"))
        {
            problem = "The URL of a broker has no path: topics are mapped by outbound and inbound.";
        }
        else
        {
            (url, problem) = (new BridgeUrl(uri), "");
        }

        return url is not null;
    }

    public override string ToString() => $"{Uri.Scheme}://{Uri.Authority}{(IsWebSocket ? Uri.AbsolutePath : "")}";
}
