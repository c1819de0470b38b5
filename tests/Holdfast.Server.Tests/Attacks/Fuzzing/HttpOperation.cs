using System.Text.Json;
using System.Text.Json.Nodes;

namespace Holdfast.Server.Tests.Attacks.Fuzzing;

/// <summary>An operation as the server's own description has it.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">The path, with names in braces.</param>
/// <param name="QueryNames">The names of its query parameters.</param>
/// <param name="Examples">Bodies that are good.</param>
internal sealed record HttpOperation(string Method, string Path, IReadOnlyList<string> QueryNames, IReadOnlyList<JsonNode> Examples)
{
    private static readonly string[] Methods = ["get", "head", "post", "put", "patch", "delete"];

    /// <summary>Reads them from the OpenAPI document.</summary>
    public static IReadOnlyList<HttpOperation> ReadAll(JsonElement document)
        => [.. from path in document.GetProperty("paths").EnumerateObject()
               from operation in path.Value.EnumerateObject()
               where Methods.Contains(operation.Name)
               select new HttpOperation(
                   operation.Name.ToUpperInvariant(), path.Name, [.. QueryNamesOf(document, path.Value).Concat(QueryNamesOf(document, operation.Value)).Distinct()], [.. ExamplesOf(operation.Value)])];

    private static IEnumerable<string> QueryNamesOf(JsonElement document, JsonElement owner)
        => owner.TryGetProperty("parameters", out var parameters)
            ? parameters.EnumerateArray().Select(parameter => Resolve(document, parameter)).Where(one => one.GetProperty("in").GetString() == "query").Select(one => one.GetProperty("name").GetString()!)
            : [];

    private static JsonElement Resolve(JsonElement document, JsonElement element)
        => element.TryGetProperty("$ref", out var reference)
            ? reference.GetString()!.Split('/').Skip(1).Aggregate(document, (place, name) => place.GetProperty(name))
            : element;

    private static IEnumerable<JsonNode> ExamplesOf(JsonElement operation)
    {
        if (!operation.TryGetProperty("requestBody", out var body) || !body.GetProperty("content").TryGetProperty("application/json", out var json))
        {
            yield break;
        }

        if (json.TryGetProperty("example", out var example))
        {
            yield return JsonNode.Parse(example.GetRawText())!;
        }

        if (json.TryGetProperty("examples", out var examples))
        {
            foreach (var one in examples.EnumerateObject())
            {
                yield return JsonNode.Parse(one.Value.GetProperty("value").GetRawText())!;
            }
        }
    }
}
