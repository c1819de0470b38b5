using System.Text.Json;
using Holdfast.Api.Problems;

namespace Holdfast.Api.Requests;

/// <summary>
/// The fields of a JSON object in a request. The first thing that is wrong is kept as <see cref="Problem"/>, with its field; readers ask for
/// every field they know and look at the problem once.
/// </summary>
internal sealed class JsonFields
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    private readonly JsonElement _root;
    private readonly HashSet<string> _known = [];

    private JsonFields(JsonElement root) => _root = root;

    /// <summary>What is wrong, or null.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>Reads a body that has to be a JSON object.</summary>
    public static Parsed<JsonFields> Parse(ReadOnlyMemory<byte> body)
        => ParseText(body).IsValid(out var root, out var problem) ? Of(root.Value, "The body") : problem;

    /// <summary>Reads a body that has to be an array of JSON objects.</summary>
    public static Parsed<List<JsonFields>> ParseArray(ReadOnlyMemory<byte> body)
    {
        if (!ParseText(body).IsValid(out var root, out var problem))
        {
            return problem;
        }

        if (root.Value.ValueKind != JsonValueKind.Array)
        {
            return Problem.Malformed($"The body must be an array of JSON objects, not {Describe(root.Value)}.");
        }

        var items = new List<JsonFields>(root.Value.GetArrayLength());
        foreach (var item in root.Value.EnumerateArray())
        {
            if (!Of(item, "The element").IsValid(out var fields, out problem))
            {
                return problem.Within(items.Count);
            }

            items.Add(fields);
        }

        return items;
    }

    /// <summary>A field of any kind; null when it is absent.</summary>
    public JsonElement? Any(string name)
    {
        _known.Add(name);
        return _root.TryGetProperty(name, out var value) ? value : null;
    }

    public string? String(string name)
        => Present(name) is not { } value ? null
            : TextOf(value) ?? Refuse<string>(name, $"must be a string of valid text, not {Describe(value)}");

    public bool? Boolean(string name)
        => Present(name) is not { } value ? null
            : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
            : RefuseValue<bool>(name, $"must be true or false, not {Describe(value)}");

    public ulong? Integer(string name, ulong maximum)
        => Present(name) is not { } value ? null
            : value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out var number) && number <= maximum ? number
            : RefuseValue<ulong>(name, $"must be a whole number from 0 to {maximum}, not {Describe(value)}");

    /// <summary>Ends the reading: a field that nobody asked for is a mistake to report, not to ignore.</summary>
    public void RefuseUnknown()
    {
        foreach (var property in _root.EnumerateObject())
        {
            if (!_known.Contains(property.Name))
            {
                Problem ??= Problem.Invalid(property.Name, $"There is no field '{property.Name}'. The fields are {string.Join(", ", _known)}.");
            }
        }
    }

    /// <summary>Keeps a problem of a field, unless there was one before.</summary>
    public void Refuse(string name, string rule) => Problem ??= Problem.Invalid(name, $"The field '{name}' {rule}.");

    /// <summary>The text of a JSON string; null when it is something else, or not text (half a surrogate pair).</summary>
    public static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public static string Describe(JsonElement value)
    {
        const int Longest = 40;
        var text = value.GetRawText();
        return value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            _ => text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), "…"),
        };
    }

    private static Parsed<JsonFields> Of(JsonElement element, string what)
        => element.ValueKind == JsonValueKind.Object ? new JsonFields(element) : Problem.Malformed($"{what} must be one JSON object, not {Describe(element)}.");

    private static Parsed<Root> ParseText(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Options);
            return new Root(document.RootElement.Clone());
        }
        catch (JsonException exception)
        {
            var place = exception.LineNumber is null ? "" : $" at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}";
            return Problem.Malformed($"The body is not valid JSON{place}: {FirstSentence(exception.Message)}");
        }
    }

    private static string FirstSentence(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    private JsonElement? Present(string name) => Any(name) is { ValueKind: not JsonValueKind.Null } value ? value : null;

    private T? Refuse<T>(string name, string rule)
        where T : class
    {
        Refuse(name, rule);
        return null;
    }

    private T? RefuseValue<T>(string name, string rule)
        where T : struct
    {
        Refuse(name, rule);
        return null;
    }

    private sealed record Root(JsonElement Value);
}
