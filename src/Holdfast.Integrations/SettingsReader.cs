using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Holdfast.Integrations;

/// <summary>Reads, changes and shows the settings of one kind of integration as JSON.</summary>
/// <typeparam name="T">The settings.</typeparam>
internal sealed class SettingsReader<T>
    where T : IntegrationSettings
{
    private readonly JsonTypeInfo<T> _type;
    private readonly string _fields;

    /// <summary>Makes the reader of a kind.</summary>
    /// <param name="type">How its settings are written.</param>
    /// <param name="kept">Fields that Holdfast keeps and no operator gives, besides the replay.</param>
    public SettingsReader(JsonTypeInfo<T> type, params IReadOnlyList<string> kept)
    {
        _type = type;
        Kept = [.. kept, "replay"];
        _fields = string.Join(", ", type.Properties.Select(property => property.Name).Except(Kept));
    }

    /// <summary>Fields that are not shown, as paths such as <c>auth.value</c>.</summary>
    public IReadOnlyList<string> Hidden { get; init; } = [];

    /// <summary>A field that is given once and not changed, and why; null when there is none.</summary>
    public (string Field, string Problem)? Fixed { get; init; }

    private IReadOnlyList<string> Kept { get; }

    /// <summary>Reads what an operator gives.</summary>
    public SettingsResult Read(JsonElement given)
        => Kept.FirstOrDefault(name => given.TryGetProperty(name, out _)) is { } kept ? new SettingsResult(null, kept, UnknownField(kept)) : ReadAll(given);

    /// <summary>Reads the settings with changes to them (RFC 7396).</summary>
    public SettingsResult Change(T settings, JsonElement patch)
    {
        if (Kept.FirstOrDefault(name => patch.TryGetProperty(name, out _)) is { } kept)
        {
            return new SettingsResult(null, kept, UnknownField(kept));
        }

        if (Fixed is { } once && patch.TryGetProperty(once.Field, out _))
        {
            return new SettingsResult(null, once.Field, once.Problem);
        }

        var merged = Merge(JsonSerializer.SerializeToNode(settings, _type), JsonNodeOf(patch));
        return ReadAll(JsonElement.Parse(merged!.ToJsonString()));
    }

    /// <summary>The settings without secrets.</summary>
    public JsonElement Show(T settings)
    {
        var shown = JsonSerializer.SerializeToNode(settings, _type)!.AsObject();
        foreach (var path in Hidden.Concat(["replay.places", "replay.ends"]))
        {
            var dot = path.IndexOf('.', StringComparison.Ordinal);
            var holder = dot < 0 ? shown : shown[path[..dot]] as JsonObject;
            holder?.Remove(path[(dot + 1)..]);
        }

        return JsonElement.Parse(shown.ToJsonString());
    }

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

    private SettingsResult ReadAll(JsonElement given)
    {
        try
        {
            return given.Deserialize(_type) is { } settings ? new SettingsResult(settings) : new SettingsResult(null, "", "The settings must be a JSON object.");
        }
        catch (JsonException exception)
        {
            var (field, problem) = Explain(exception, given);
            return new SettingsResult(null, field, problem);
        }
    }

    private (string Field, string Problem) Explain(JsonException exception, JsonElement given)
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

    private string UnknownField(string name) => $"There is no field '{name}'. The fields are name, kind, filter, {_fields}.";
}
