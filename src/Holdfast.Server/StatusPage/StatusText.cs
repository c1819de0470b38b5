using System.Text.Json;
using Holdfast.Server.Management;

namespace Holdfast.Server.StatusPage;

/// <summary>What the management API of a status page answers, in words.</summary>
internal static class StatusText
{
    /// <summary>A field as text; a list with commas.</summary>
    public static string Field(JsonElement json, string name) => !json.TryGetProperty(name, out JsonElement value) ? "" : value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(one => one.ToString())),
        _ => value.ToString(),
    };

    /// <summary>A list as a table.</summary>
    /// <param name="json">The list.</param>
    /// <param name="fields">The fields that are shown.</param>
    public static string Table(JsonElement json, params string[] fields)
        => TextTable.Format([[.. fields.Select(field => field.ToUpperInvariant())], .. json.EnumerateArray().Select(row => fields.Select(field => Field(row, field)).ToArray())]);

    /// <summary>An incident or a maintenance with all that was said about it.</summary>
    public static string Story(JsonElement json)
    {
        IEnumerable<string> updates = json.GetProperty("updates").EnumerateArray().Select(update => $"{Field(update, "at")}  {Field(update, "status")}: {Field(update, "text").ReplaceLineEndings(" ")}");
        return string.Join('\n', updates.Prepend($"{Field(json, "id")}  {Field(json, "status")}  {Field(json, "title")}  ({Field(json, "components")})"));
    }
}
