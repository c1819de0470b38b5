using System.Text.Json;
using System.Text.Json.Serialization;

namespace Holdfast.Server.Drill.Judging;

/// <summary>A line of a journal as it stands in the file (docs/demo-journal.md).</summary>
internal sealed record JournalLine
{
    public required string At { get; init; }

    public required string Action { get; init; }

    public string? Stream { get; init; }

    public long Sequence { get; init; }

    public string? Topic { get; init; }

    public int Qos { get; init; }

    public bool Dup { get; init; }

    public bool Once { get; init; }

    public string? EventId { get; init; }

    public string? Detail { get; init; }
}

/// <summary>JSON of journals.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(JournalLine))]
internal sealed partial class JournalJson : JsonSerializerContext;
