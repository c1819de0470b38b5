using System.Text.Json;

namespace Holdfast.Server.Management;

/// <summary>The integrations of a product as text.</summary>
internal static class IntegrationTable
{
    private static readonly (string Title, string Property)[] Columns =
    [
        ("NAME", "name"), ("KIND", "kind"), ("FILTER", "filter"), ("URL", "url"), ("STATE", "state"), ("DELIVERED", "delivered"), ("BEHIND", "behind"), ("ABOUT BYTES", "behindBytes"), ("OLDEST WAITING", "oldestWaiting"), ("DEAD", "deadLetters"), ("LAST ERROR", "lastError"),
    ];

    /// <summary>Formats the API's list.</summary>
    /// <param name="body">An array, or an object that holds it.</param>
    public static string Format(JsonElement body)
    {
        JsonElement list = body.ValueKind == JsonValueKind.Object
            ? body.EnumerateObject().Select(property => property.Value).FirstOrDefault(value => value.ValueKind == JsonValueKind.Array)
            : body;
        var table = list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0
            ? "no integrations"
            : TextTable.Format([[.. Columns.Select(column => column.Title)], .. list.EnumerateArray().Select(Row)]);
        return table + Missing(body, "moving", "just moving to another node: ") + Missing(body, "silentNodes", "nodes that do not answer: ");
    }

    /// <summary>Formats one integration: a field on each line.</summary>
    /// <param name="integration">The API's object.</param>
    public static string Fields(JsonElement integration)
    {
        JsonProperty[] fields = [.. integration.EnumerateObject()];
        int width = fields.Max(field => field.Name.Length);
        return string.Join('\n', fields.Select(field => $"{field.Name.PadRight(width)}  {field.Value}".TrimEnd()));
    }

    private static string Missing(JsonElement body, string property, string title)
        => body.ValueKind == JsonValueKind.Object && body.TryGetProperty(property, out JsonElement names)
            ? $"\n{title}{string.Join(", ", names.EnumerateArray().Select(name => name.GetString()))}"
            : "";

    private static string[] Row(JsonElement integration) => [.. Columns.Select(column => Cell(integration, column.Property))];

    private static string Cell(JsonElement integration, string property)
        => integration.TryGetProperty(property, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.ToString().ReplaceLineEndings(" ") : "-";
}
