using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Broker.Integrations;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Integrations;

/// <summary>Reads what is said about integrations.</summary>
internal static class IntegrationRequests
{
    /// <summary>The longest rotation, in seconds.</summary>
    public const ulong MaximumOverlapSeconds = 30 * 24 * 3600;

    private const int MaximumBodyBytes = 256 * 1024;
    private const ulong DefaultOverlapSeconds = 24 * 3600;

    /// <summary>A new integration.</summary>
    public static async ValueTask<Parsed<IntegrationDefinition>> DefinitionAsync(HttpContext context, string product)
    {
        var read = await ReadAsync(context);
        if (!read.IsValid(out var body, out var problem) || !JsonFields.Parse(body).IsValid(out var fields, out problem))
        {
            return problem;
        }

        var (name, kind, filter) = (Required(fields, "name"), fields.String("kind") ?? IntegrationDefinition.WebhookKind, Required(fields, "filter"));
        if (fields.Problem is not null)
        {
            return fields.Problem;
        }

        var settings = JsonNode.Parse(body.Span)!.AsObject();
        foreach (var own in (string[])["name", "kind", "filter"])
        {
            settings.Remove(own);
        }

        return new IntegrationDefinition(product, name, kind, filter, JsonElement.Parse(settings.ToJsonString()));
    }

    /// <summary>Changes of settings.</summary>
    public static async ValueTask<Parsed<Settings>> PatchAsync(HttpContext context)
    {
        var read = await ReadAsync(context);
        if (!read.IsValid(out var body, out var problem) || !JsonFields.Parse(body).IsValid(out _, out problem))
        {
            return problem;
        }

        return new Settings(JsonElement.Parse(body.Span));
    }

    /// <summary>A rotation of a secret.</summary>
    public static async ValueTask<Parsed<Rotation>> RotationAsync(HttpContext context)
    {
        var read = await ReadAsync(context);
        if (!read.IsValid(out var body, out var problem) || !JsonFields.Parse(body).IsValid(out var fields, out problem))
        {
            return problem;
        }

        var rotation = new Rotation(fields.String("secret"), TimeSpan.FromSeconds(fields.Integer("overlapSeconds", MaximumOverlapSeconds) ?? DefaultOverlapSeconds));
        fields.RefuseUnknown();
        return fields.Problem is null ? rotation : fields.Problem;
    }

    /// <summary>A test.</summary>
    public static async ValueTask<Parsed<DeliveryTest>> TestAsync(HttpContext context)
    {
        var read = await ReadAsync(context);
        if (!read.IsValid(out var body, out var problem) || !JsonFields.Parse(body).IsValid(out var fields, out problem))
        {
            return problem;
        }

        var test = new DeliveryTest(fields.String("event"), fields.Boolean("dryRun") ?? false);
        fields.RefuseUnknown();
        return fields.Problem is null ? test : fields.Problem;
    }

    /// <summary>A replay.</summary>
    public static async ValueTask<Parsed<ReplayRequest>> ReplayAsync(HttpContext context)
    {
        var read = await ReadAsync(context);
        if (!read.IsValid(out var body, out var problem) || !JsonFields.Parse(body).IsValid(out var fields, out problem))
        {
            return problem;
        }

        var replay = new ReplayRequest
        {
            Name = fields.String("name"),
            Events = Texts(fields, "events"),
            DeadLetters = fields.Boolean("deadLetters") ?? false,
            Device = fields.String("device"),
            From = Time(fields, "from"),
            To = Time(fields, "to"),
            Settings = Object(fields, "settings"),
        };
        fields.RefuseUnknown();
        return fields.Problem is null ? replay : fields.Problem;
    }

    private static async ValueTask<Parsed<ReadOnlyMemory<byte>>> ReadAsync(HttpContext context)
        => context.Request.HasJsonContentType()
            ? await RequestBody.ReadAsync(context, MaximumBodyBytes, $"It may have {MaximumBodyBytes:N0} bytes.")
            : Problem.UnsupportedMediaType("Send a JSON object with Content-Type application/json.");

    private static string Required(JsonFields fields, string name)
    {
        if (fields.String(name) is { } value)
        {
            return value;
        }

        fields.Refuse(name, "is missing");
        return "";
    }

    private static List<string>? Texts(JsonFields fields, string name)
    {
        if (fields.Any(name) is not { ValueKind: not JsonValueKind.Null } list)
        {
            return null;
        }

        if (list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(item => JsonFields.TextOf(item) is not null))
        {
            return [.. list.EnumerateArray().Select(item => item.GetString()!)];
        }

        fields.Refuse(name, "must be an array of strings");
        return null;
    }

    private static DateTimeOffset? Time(JsonFields fields, string name)
    {
        if (fields.String(name) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time;
        }

        fields.Refuse(name, $"must be a time such as 2026-03-01T08:00:00Z, not '{text}'");
        return null;
    }

    private static JsonElement? Object(JsonFields fields, string name)
    {
        if (fields.Any(name) is not { ValueKind: not JsonValueKind.Null } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return value;
        }

        fields.Refuse(name, "must be an object");
        return null;
    }

    /// <summary>Settings as JSON.</summary>
    internal sealed record Settings(JsonElement Json);

    /// <summary>A rotation.</summary>
    internal sealed record Rotation(string? Secret, TimeSpan Overlap);
}
