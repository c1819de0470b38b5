using System.Net;

namespace Holdfast.Server.CommandLine;

/// <summary>What a listener speaks.</summary>
internal enum ListenScheme
{
    /// <summary>MQTT over TCP.</summary>
    Mqtt,

    /// <summary>HTTP/1.1.</summary>
    Http,
}

/// <summary>Where to listen, as in <c>--listen mqtt://127.0.0.1:1883</c>.</summary>
/// <param name="Scheme">What is spoken there.</param>
/// <param name="EndPoint">The address; port 0 asks the operating system for a free one.</param>
internal sealed record ListenUrl(ListenScheme Scheme, IPEndPoint EndPoint)
{
    private static readonly string[] Later = ["mqtts", "ws", "wss", "https"];

    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(EndPoint.Address);

    /// <summary>Reads a listener.</summary>
    /// <param name="text">The text.</param>
    /// <param name="url">The listener, or null.</param>
    /// <param name="error">What is wrong and what to do, or empty.</param>
    public static bool TryParse(string text, out ListenUrl? url, out string error)
    {
        url = null;
        error = "";
        int separator = text.IndexOf("://", StringComparison.Ordinal);
        string scheme = separator < 0 ? "" : text[..separator];
        string rest = separator < 0 ? "" : text[(separator + 3)..].TrimEnd('/');
        if (Later.Contains(scheme))
        {
            error = $"--listen {text}: {scheme}:// is not supported yet; use mqtt:// or http://, and a proxy that ends TLS.";
            return false;
        }

        ListenScheme? known = scheme switch { "mqtt" => ListenScheme.Mqtt, "http" => ListenScheme.Http, _ => null };
        if (known is null)
        {
            error = $"--listen {text}: write it as mqtt://ADDRESS:PORT or http://ADDRESS:PORT.";
            return false;
        }

        int defaultPort = known == ListenScheme.Mqtt ? 1883 : 8080;
        if (rest == "localhost" || rest.StartsWith("localhost:", StringComparison.Ordinal))
        {
            rest = "127.0.0.1" + rest["localhost".Length..];
        }

        if (!IPEndPoint.TryParse(rest, out IPEndPoint? endPoint))
        {
            error = $"--listen {text}: '{rest}' is not an address; use an IP address of this machine, 0.0.0.0 or [::] for all of them, or localhost.";
            return false;
        }

        bool portGiven = rest.StartsWith('[') ? rest.Contains("]:", StringComparison.Ordinal) : rest.Count(character => character == ':') == 1;
        url = new ListenUrl(known.Value, portGiven ? endPoint : new IPEndPoint(endPoint.Address, defaultPort));
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{(Scheme == ListenScheme.Mqtt ? "mqtt" : "http")}://{EndPoint}";
}
