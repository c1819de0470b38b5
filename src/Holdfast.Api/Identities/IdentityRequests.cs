using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Holdfast.Api.Requests;
using Holdfast.Broker.Naming;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Identities;

/// <summary>Reads what is said about products, devices and tokens.</summary>
internal static class IdentityRequests
{
    private const int MaximumBodyBytes = 64 * 1024;
    private const ulong MaximumOverlapSeconds = 30 * 24 * 3600;
    private const ulong DefaultOverlapSeconds = 24 * 3600;
    private const int ThumbprintLength = 2 * SHA256.HashSizeInBytes;

    /// <summary>The fields of a body; an empty body is an object without fields.</summary>
    public static async ValueTask<Parsed<JsonFields>> FieldsAsync(HttpContext context)
    {
        var read = await RequestBody.ReadAsync(context, MaximumBodyBytes, $"The body may have {MaximumBodyBytes:N0} bytes.");
        if (!read.IsValid(out var body, out var problem))
        {
            return problem;
        }

        return JsonFields.Parse(body.IsEmpty ? "{}"u8.ToArray() : body);
    }

    /// <summary>How long what is replaced stays valid.</summary>
    public static async ValueTask<Parsed<Overlap>> OverlapAsync(HttpContext context)
    {
        if (!(await FieldsAsync(context)).IsValid(out var fields, out var problem))
        {
            return problem;
        }

        var seconds = fields.Integer("overlapSeconds", MaximumOverlapSeconds) ?? DefaultOverlapSeconds;
        fields.RefuseUnknown();
        return fields.Problem is { } wrong ? wrong : new Overlap(TimeSpan.FromSeconds(seconds));
    }

    /// <summary>A name in a field.</summary>
    public static string Name(JsonFields fields, string field = "name")
    {
        var name = fields.String(field) ?? "";
        if (!ResourceName.IsValid(name))
        {
            fields.Refuse(field, $"is not a valid name: {ResourceName.Rule}");
        }

        return name;
    }

    /// <summary>A certificate in PEM, or null.</summary>
    public static X509Certificate2? Certificate(JsonFields fields, string field = "certificate")
    {
        var pem = fields.String(field);
        try
        {
            return pem is null ? null : X509Certificate2.CreateFromPem(pem);
        }
        catch (CryptographicException)
        {
            fields.Refuse(field, "is not a certificate in PEM");
            return null;
        }
    }

    /// <summary>The thumbprint of a device's certificate: of the certificate, or as it is given; null when there is none.</summary>
    public static string? Thumbprint(JsonFields fields)
    {
        using var certificate = Certificate(fields);
        var given = fields.String("thumbprint")?.Replace(":", "", StringComparison.Ordinal).ToUpperInvariant();
        if (given is not null && (given.Length != ThumbprintLength || given.Any(digit => !char.IsAsciiHexDigitUpper(digit))))
        {
            fields.Refuse("thumbprint", $"is not a SHA-256 thumbprint: {ThumbprintLength} hexadecimal digits");
        }

        return certificate?.GetCertHashString(HashAlgorithmName.SHA256) ?? given;
    }

    /// <summary>The texts of an array, or null when it is none.</summary>
    public static IReadOnlyCollection<string?>? Texts(JsonFields fields, string field)
        => fields.Any(field) is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray().Select(JsonFields.TextOf)] : null;

    /// <summary>How long.</summary>
    public sealed record Overlap(TimeSpan Duration);
}
