using System.Text.Json;

namespace Holdfast.Api.Tests.Reference;

/// <summary>An OpenAPI document, as far as a test needs to understand it.</summary>
internal sealed class OpenApiDocument(JsonElement root)
{
    private static readonly string[] Methods = ["get", "head", "post", "put", "patch", "delete"];

    public IEnumerable<(string Method, string Path, JsonElement Operation)> Operations
        => from path in root.GetProperty("paths").EnumerateObject()
           from operation in path.Value.EnumerateObject()
           where Methods.Contains(operation.Name)
           select (operation.Name.ToUpperInvariant(), path.Name, operation.Value);

    /// <summary>Every status that is documented.</summary>
    public IEnumerable<(string Method, string Path, int Status)> Answers
        => from operation in Operations
           from response in operation.Operation.GetProperty("responses").EnumerateObject()
           select (operation.Method, operation.Path, int.Parse(response.Name, null));

    /// <summary>Every example with the schema it stands beside.</summary>
    public IEnumerable<(JsonElement Example, JsonElement Schema)> Examples => FindExamples(root);

    /// <summary>What is wrong with an answer; null when it is as documented.</summary>
    public string? Judge(string method, string path, int status, string? mediaType, string body)
    {
        var operation = Operations.FirstOrDefault(o => o.Method == method && o.Path == path).Operation;
        if (operation.ValueKind == JsonValueKind.Undefined || !operation.GetProperty("responses").TryGetProperty($"{status}", out var response))
        {
            return $"{method} {path}: {status} is not documented.";
        }

        response = Resolve(response);
        if (!response.TryGetProperty("content", out var content))
        {
            return body.Length == 0 ? null : $"{method} {path}: {status} has a body, and none is documented.";
        }

        if (mediaType is null || !content.TryGetProperty(mediaType, out var media))
        {
            return $"{method} {path}: {status} comes as '{mediaType}', which is not documented.";
        }

        var schema = media.GetProperty("schema");
        var instance = mediaType.EndsWith("json", StringComparison.Ordinal) ? JsonElement.Parse(body) : JsonSerializer.SerializeToElement(body);
        return Check(schema, instance, "$") is { } fault ? $"{method} {path}: {status}: {fault}\n{body}" : null;
    }

    /// <summary>What is wrong with an instance of a schema; null when nothing is. Understands the keywords that the document uses, and no others.</summary>
    public string? Check(JsonElement schema, JsonElement instance, string place)
    {
        schema = Resolve(schema);
        foreach (var keyword in schema.EnumerateObject())
        {
            var fault = keyword.Name switch
            {
                "type" => Names(keyword.Value).Any(type => Is(instance, type)) ? null : $"is no {keyword.Value}",
                "enum" => keyword.Value.EnumerateArray().Any(value => JsonElement.DeepEquals(value, instance)) ? null : $"is none of {keyword.Value}",
                "required" when instance.ValueKind == JsonValueKind.Object
                    => Names(keyword.Value).FirstOrDefault(name => !instance.TryGetProperty(name, out _)) is { } missing ? $"has no '{missing}'" : null,
                "oneOf" => keyword.Value.EnumerateArray().Count(one => Check(one, instance, place) is null) == 1 ? null : "is not exactly one of the alternatives",
                "anyOf" => keyword.Value.EnumerateArray().Any(one => Check(one, instance, place) is null) ? null : "is none of the alternatives",
                "minItems" when instance.ValueKind == JsonValueKind.Array => instance.GetArrayLength() >= keyword.Value.GetInt32() ? null : "has too few items",
                "maxItems" when instance.ValueKind == JsonValueKind.Array => instance.GetArrayLength() <= keyword.Value.GetInt32() ? null : "has too many items",
                "minimum" when instance.ValueKind == JsonValueKind.Number => instance.GetDecimal() >= keyword.Value.GetDecimal() ? null : "is too small",
                "maximum" when instance.ValueKind == JsonValueKind.Number => instance.GetDecimal() <= keyword.Value.GetDecimal() ? null : "is too large",
                "additionalProperties" when instance.ValueKind == JsonValueKind.Object => Unknown(schema, instance) is { } name ? $"has an undocumented '{name}'" : null,
                "items" when instance.ValueKind == JsonValueKind.Array => CheckItems(keyword.Value, instance, place),
                "properties" when instance.ValueKind == JsonValueKind.Object => CheckProperties(keyword.Value, instance, place),
                "required" or "minItems" or "maxItems" or "minimum" or "maximum" or "additionalProperties" or "items" or "properties" => null,
                "description" or "example" or "format" or "default" => null,
                _ => $"has a schema with '{keyword.Name}', which this checker does not know",
            };
            if (fault is not null)
            {
                return fault.StartsWith('$') ? fault : $"{place} {fault}";
            }
        }

        return null;
    }

    private static IEnumerable<string> Names(JsonElement value)
        => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(name => name.GetString()!) : [value.GetString()!];

    private static bool Is(JsonElement instance, string type) => type switch
    {
        "null" => instance.ValueKind == JsonValueKind.Null,
        "string" => instance.ValueKind == JsonValueKind.String,
        "boolean" => instance.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => instance.ValueKind == JsonValueKind.Number && decimal.IsInteger(instance.GetDecimal()),
        "number" => instance.ValueKind == JsonValueKind.Number,
        "array" => instance.ValueKind == JsonValueKind.Array,
        "object" => instance.ValueKind == JsonValueKind.Object,
        _ => false,
    };

    private static string? Unknown(JsonElement schema, JsonElement instance)
        => instance.EnumerateObject().Select(property => property.Name).FirstOrDefault(name => !schema.GetProperty("properties").TryGetProperty(name, out _));

    private string? CheckItems(JsonElement schema, JsonElement instance, string place)
        => instance.EnumerateArray().Select((item, index) => Check(schema, item, $"{place}[{index}]")).FirstOrDefault(fault => fault is not null);

    private string? CheckProperties(JsonElement schemas, JsonElement instance, string place)
        => instance.EnumerateObject()
            .Select(property => schemas.TryGetProperty(property.Name, out var schema) ? Check(schema, property.Value, $"{place}.{property.Name}") : null)
            .FirstOrDefault(fault => fault is not null);

    private JsonElement Resolve(JsonElement element)
    {
        while (element.TryGetProperty("$ref", out var reference))
        {
            element = reference.GetString()!.Split('/')[1..].Aggregate(root, (at, name) => at.GetProperty(name));
        }

        return element;
    }

    private IEnumerable<(JsonElement, JsonElement)> FindExamples(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            return element.EnumerateArray().SelectMany(FindExamples);
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        var schema = element.TryGetProperty("schema", out var beside) ? beside : element;
        var found = element.EnumerateObject().Where(p => p.Name is not ("example" or "examples")).SelectMany(p => FindExamples(p.Value));
        found = element.TryGetProperty("example", out var example) ? found.Append((example, schema)) : found;
        return element.TryGetProperty("examples", out var examples)
            ? found.Concat(examples.EnumerateObject().Select(named => (named.Value.GetProperty("value"), schema)))
            : found;
    }
}
