using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Broker.Topics;
using Holdfast.Integrations.Network;

namespace Holdfast.Integrations.Bridges;

/// <summary>The rules of a bridge's settings.</summary>
internal static class BridgeSettingsCheck
{
    /// <summary>The most messages in flight.</summary>
    public const int MaximumInFlight = 1_000;

    private const int MaximumRoutes = 64;
    private const int MaximumTextLength = 1024;

    /// <summary>What is wrong, with its field; null when nothing is.</summary>
    public static (string Field, string Problem)? ProblemOf(BridgeSettings settings, string filter)
        => ProblemOfAddress(settings)
            ?? ProblemOfNumbers(settings)
            ?? ProblemOfCredentials(settings)
            ?? CertificateJudge.ProblemOf(settings.Tls?.Ca, settings.Tls?.Pins ?? [])
            ?? ProblemOfOwnCertificate(settings.Tls)
            ?? ProblemOfTopics(settings)
            ?? ProblemOfLoop(settings, filter);

    private static (string, string)? ProblemOfAddress(BridgeSettings settings)
    {
        if (!BridgeUrl.TryParse(settings.Url, out var url, out var problem))
        {
            return ("url", problem);
        }

        if (settings.Tls is not null && !url.IsSecure)
        {
            return ("tls", "Only mqtts and wss are encrypted: without them 'tls' would promise what does not happen.");
        }

        return settings.Protocol is BridgeSettings.Version5 or BridgeSettings.Version311
            ? null
            : ("protocol", $"The protocol is '{BridgeSettings.Version5}' or '{BridgeSettings.Version311}', not '{settings.Protocol}'.");
    }

    private static (string, string)? ProblemOfNumbers(BridgeSettings settings)
        => OutOf("qos", settings.Qos, 1, 2)
            ?? OutOf("maxInFlight", settings.MaxInFlight, 1, MaximumInFlight)
            ?? OutOf("maxEventsPerSecond", settings.MaxEventsPerSecond ?? 1, 1, 10_000_000)
            ?? OutOf("keepAliveSeconds", settings.KeepAliveSeconds, 5, 3600)
            ?? OutOf("timeoutSeconds", settings.TimeoutSeconds, 1, 120)
            ?? (settings.SessionExpirySeconds >= 60 ? null : ("sessionExpirySeconds", "The other broker must keep messages for 60 seconds at least: else a short interruption loses some."));

    private static (string, string)? OutOf(string field, int value, int minimum, int maximum)
        => value >= minimum && value <= maximum ? null : (field, $"The field '{field}' must be from {minimum} to {maximum}, not {value}.");

    private static (string, string)? ProblemOfCredentials(BridgeSettings settings)
    {
        if (settings.ClientId is { } id && id.Length is 0 or > 256)
        {
            return ("clientId", "A client identifier has 1 to 256 characters.");
        }

        if (settings.Password is not null && settings.Username is null)
        {
            return ("username", "Give the user name to which the password belongs.");
        }

        return (settings.Username?.Length ?? 0) > MaximumTextLength || (settings.Password?.Length ?? 0) > 64 * MaximumTextLength
            ? ("username", $"A user name may have {MaximumTextLength} characters, a password {64 * MaximumTextLength}.")
            : null;
    }

    private static (string, string)? ProblemOfOwnCertificate(BridgeTls? tls)
    {
        if (tls is not { Certificate: { } certificate, Key: { } key })
        {
            return tls?.Certificate is null && tls?.Key is null ? null : ("tls.key", "Give 'certificate' and 'key' together.");
        }

        try
        {
            X509Certificate2.CreateFromPem(certificate, key).Dispose();
            return null;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return ("tls.certificate", $"The certificate and its key cannot be read: {exception.Message}");
        }
    }

    private static (string, string)? ProblemOfTopics(BridgeSettings settings)
    {
        if (settings.Receives != settings.Inbound.Count > 0 && settings.Replay is null)
        {
            return settings.Receives
                ? ("inbound", "Say what to subscribe to on the other broker, such as [{\"filter\":\"plant/#\"}].")
                : ("direction", "With 'inbound' the direction is 'in' or 'both'.");
        }

        if (settings.Inbound.Count > MaximumRoutes)
        {
            return ("inbound", $"There may be {MaximumRoutes} subscriptions.");
        }

        if (TopicMap.ProblemOf(settings.Outbound) is { } problem)
        {
            return ("outbound", problem);
        }

        for (var i = 0; i < settings.Inbound.Count; i++)
        {
            var route = settings.Inbound[i];
            if (!TopicFilter.TryParse(route.Filter, out var filter, out problem) || filter.IsShared)
            {
                return ("inbound", problem ?? $"'{route.Filter}': a bridge subscribes for itself, without $share/{{name}}/.");
            }

            if (TopicMap.ProblemOf(route) is { } wrong)
            {
                return ("inbound", wrong);
            }

            if (settings.Inbound.Take(i).FirstOrDefault(other => FilterOverlap.Exists(other.Filter, route.Filter)) is { } before)
            {
                return ("inbound", $"'{before.Filter}' and '{route.Filter}' match the same topics: their messages would come twice.");
            }
        }

        return null;
    }

    /// <summary>MQTT 5 keeps a client's own messages from it (No Local). Before, only topics can.</summary>
    private static (string, string)? ProblemOfLoop(BridgeSettings settings, string filter)
    {
        if (settings.IsVersion5 || !settings.Sends || !settings.Receives)
        {
            return null;
        }

        var image = TopicMap.Image(settings.Outbound, filter);
        return settings.Inbound.Find(route => FilterOverlap.Exists(route.Filter, image)) is { } back
            ? ("inbound", $"What goes out (to '{image}') would come back by '{back.Filter}', again and again: MQTT 3.1.1 cannot tell. Use topics that do not overlap, or protocol 5.")
            : null;
    }
}
