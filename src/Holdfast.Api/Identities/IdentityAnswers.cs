using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Holdfast.Broker.Events;
using Holdfast.Broker.Identities;
using Holdfast.Log.State;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Identities;

/// <summary>Products, devices and tokens as the API shows them. No secret but one that was made just now, and no hash.</summary>
internal static class IdentityAnswers
{
    public static JsonObject From(ProductEntry product) => new()
    {
        ["name"] = product.Name,
        ["createdAt"] = product.Revision == 0 ? null : Text(product.Document.CreatedAt),
        ["rules"] = new JsonArray([.. product.Document.Rules.Select(rule => new JsonObject
        {
            ["name"] = rule.Name, ["action"] = rule.Action == RuleAction.Publish ? "publish" : "subscribe", ["filter"] = rule.Filter,
        })]),
        ["signingKeys"] = new JsonArray([.. product.Document.SigningKeys.Select(key => new JsonObject
        {
            ["name"] = key.Name, ["algorithm"] = key.Algorithm, ["audience"] = key.Audience, ["key"] = key.Algorithm == "HS256" ? null : key.Key,
        })]),
        ["authorities"] = new JsonArray([.. product.Document.Authorities.Select(From)]),
        ["retentionAgeSeconds"] = product.Document.Retention?.MaximumAge is { } age ? (long)age.TotalSeconds : null,
        ["retentionBytes"] = product.Document.Retention?.MaximumBytes,
        ["keptSince"] = Text(product.Document.Retention?.KeptSince),
    };

    public static JsonObject From(DeviceEntry device, StoredPresence? presence, string? key = null)
    {
        var answer = new JsonObject
        {
            ["product"] = device.Product,
            ["id"] = device.Id,
            ["title"] = device.Document.Title,
            ["createdAt"] = Text(device.Document.CreatedAt),
            ["revokedAt"] = Text(device.Document.RevokedAt),
            ["connected"] = presence?.IsConnected ?? false,
            ["lastSeenAt"] = Text(presence?.SeenAt),
            ["keys"] = Secrets(device.Document.Keys),
            ["certificates"] = new JsonArray([.. device.Document.Certificates.Select(thumbprint => JsonValue.Create(thumbprint))]),
        };
        if (key is not null)
        {
            answer["key"] = key;
        }

        return answer;
    }

    public static JsonObject From(TokenEntry token, string? secret = null)
    {
        var answer = new JsonObject
        {
            ["product"] = token.Product,
            ["name"] = token.Name,
            ["createdAt"] = Text(token.Document.CreatedAt),
            ["scopes"] = new JsonArray([.. ScopeNames.Of(token.Document.Scopes).Select(scope => JsonValue.Create(scope))]),
            ["secrets"] = Secrets(token.Document.Secrets),
        };
        if (secret is not null)
        {
            answer["token"] = secret;
        }

        return answer;
    }

    /// <summary>Answers with JSON.</summary>
    public static Task WriteAsync(HttpContext context, int status, JsonObject answer)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(answer, ApiJson.Readable.JsonObject, cancellationToken: context.RequestAborted);
    }

    private static JsonObject From(Authority authority)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(authority.Certificate);
        return new JsonObject
        {
            ["name"] = authority.Name,
            ["subject"] = certificate.Subject,
            ["expiresAt"] = Text(certificate.NotAfter.ToUniversalTime()),
            ["thumbprint"] = certificate.GetCertHashString(HashAlgorithmName.SHA256),
        };
    }

    private static JsonArray Secrets(IReadOnlyList<SecretHash> secrets)
        => new([.. secrets.Select(secret => new JsonObject { ["createdAt"] = Text(secret.CreatedAt), ["expiresAt"] = Text(secret.ExpiresAt) })]);

    private static string? Text(DateTimeOffset? time)
    {
        if (time is null)
        {
            return null;
        }

        Span<byte> text = stackalloc byte[EventTime.FormattedLength];
        EventTime.Write(time.Value.ToUnixTimeMilliseconds(), text);
        return System.Text.Encoding.ASCII.GetString(text);
    }
}
