using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Holdfast.Integrations.Webhooks;

/// <summary>Reads and shows the settings of webhooks as JSON.</summary>
internal static class WebhookSettingsReader
{
    /// <summary>Fields that Holdfast keeps and no operator gives.</summary>
    private static readonly string[] Kept = ["previousSecret", "previousSecretExpiresAt", "replay"];

    private static readonly string Fields = string.Join(
        ", ", WebhookJson.Default.WebhookSettings.Properties.Select(property => property.Name).Except(Kept));

    /// <summary>Reads what an operator gives.</summary>
    public static bool TryRead(JsonElement given, [NotNullWhen(true)] out WebhookSettings? settings, out string field, out string problem)
    {
        settings = null;
        if (Kept.FirstOrDefault(name => given.TryGetProperty(name, out _)) is { } kept)
        {
            (field, problem) = (kept, UnknownField(kept));
            return false;
        }

        return TryReadStored(given, out settings, out field, out problem);
    }

    /// <summary>Reads the settings with changes to them (RFC 7396).</summary>
    public static bool TryChange(
        WebhookSettings settings, JsonElement patch, [NotNullWhen(true)] out WebhookSettings? changed, out string field, out string problem)
    {
        changed = null;
        if (Kept.Append("secret").FirstOrDefault(name => patch.TryGetProperty(name, out _)) is { } kept)
        {
            (field, problem) = (kept, kept == "secret" ? "The secret is changed by a rotation, which keeps the old one valid for a while." : UnknownField(kept));
            return false;
        }

        var merged = Merge(JsonSerializer.SerializeToNode(settings, WebhookJson.Default.WebhookSettings), JsonNodeOf(patch));
        return TryReadStored(JsonElement.Parse(merged!.ToJsonString()), out changed, out field, out problem);
    }

    /// <summary>The settings without secrets.</summary>
    public static JsonElement Show(WebhookSettings settings)
    {
        var shown = JsonSerializer.SerializeToNode(settings, WebhookJson.Default.WebhookSettings)!.AsObject();
        foreach (var name in (string[])["secret", "previousSecret", "previousSecretExpiresAt"])
        {
            shown.Remove(name);
        }

        (shown["auth"] as JsonObject)?.Remove("value");
        (shown["replay"] as JsonObject)?.Remove("places");
        (shown["replay"] as JsonObject)?.Remove("ends");
        return JsonElement.Parse(shown.ToJsonString());
    }

    private static bool TryReadStored(JsonElement given, [NotNullWhen(true)] out WebhookSettings? settings, out string field, out string problem)
    {
        (settings, field, problem) = (null, "", "");
        try
        {
            settings = given.Deserialize(WebhookJson.Default.WebhookSettings);
            if (settings is not null)
            {
                return true;
            }

            problem = "The settings must be a JSON object.";
        }
        catch (JsonException exception)
        {
            (field, problem) = Explain(exception, given);
        }

        return false;
    }

    private static (string Field, string Problem) Explain(JsonException exception, JsonElement given)
    {
        var field = (exception.Path ?? "$").TrimStart('$').TrimStart('.');
        if (exception.Message.Contains("required properties", StringComparison.Ordinal))
        {
            var missing = field.Length > 0 ? field : "url";
            return (missing, field.Length > 0 ? $"The field '{field}' lacks one of its own fields: {FirstSentence(exception.Message)}" : "The field 'url' is missing.");
        }

        if (!exception.Message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return (field, $"The field '{field}' has a value that does not fit: {FirstSentence(exception.Message)}");
        }

        // The path ends before or with the unknown name, by version of the reader; the name stands in quotes in any case.
        var unknown = given.EnumerateObject().Select(property => property.Name)
            .FirstOrDefault(name => exception.Message.Contains($"'{name}'", StringComparison.Ordinal)) ?? field;
        return (unknown, UnknownField(unknown));
    }

    private static string UnknownField(string name) => $"There is no field '{name}'. The fields are name, kind, filter, {Fields}.";

    private static string FirstSentence(string message)
    {
        var end = message.IndexOf(" Path:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    private static JsonNode? JsonNodeOf(JsonElement element) => JsonNode.Parse(element.GetRawText());

    private static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var merged = target as JsonObject ?? [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                merged.Remove(name);
                continue;
            }

            var before = merged[name];
            merged.Remove(name);
            merged[name] = Merge(before, value);
        }

        return merged;
    }
}
