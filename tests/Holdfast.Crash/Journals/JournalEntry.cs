using System.Text.Json;
using System.Text.Json.Serialization;

namespace Holdfast.Crash.Journals;

/// <summary>One action of one client: a line of a journal.</summary>
internal sealed record JournalEntry
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Microseconds on the clock that all journals of a run share.</summary>
    public required long T { get; init; }

    /// <summary>Who did it.</summary>
    public required string Client { get; init; }

    /// <summary>What was done.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required JournalAction Action { get; init; }

    /// <summary>Who published the message.</summary>
    public string? Publisher { get; init; }

    /// <summary>The publisher's number of the message.</summary>
    public long Sequence { get; init; }

    /// <summary>The topic; of a subscription, the filter.</summary>
    public string? Topic { get; init; }

    /// <summary>The quality of service: of the publish, of the subscription, or of the delivery.</summary>
    public int Qos { get; init; }

    /// <summary>The DUP flag.</summary>
    public bool Dup { get; init; }

    /// <summary>The event's id, where the delivery tells it.</summary>
    public string? Id { get; init; }

    public string ToLine() => JsonSerializer.Serialize(this, Json);

    public static JournalEntry FromLine(string line) => JsonSerializer.Deserialize<JournalEntry>(line, Json)!;
}

/// <summary>What clients write down.</summary>
internal enum JournalAction
{
    /// <summary>A publisher is about to send a message, for the first time or again.</summary>
    Published,

    /// <summary>A publisher received PUBACK or PUBREC.</summary>
    Acknowledged,

    /// <summary>A publisher received a refusal; it gives the message up.</summary>
    Refused,

    /// <summary>A consumer's subscription is in force.</summary>
    Subscribed,

    /// <summary>A consumer received a message, and hands it to its application.</summary>
    Received,

    /// <summary>A QoS 2 consumer received a message again, within the same exchange; its application does not see it.</summary>
    Repeated,

    /// <summary>A client found that the server has forgotten its session.</summary>
    SessionLost,

    /// <summary>The server was stopped in order, when nobody had anything in flight.</summary>
    Stopped,

    /// <summary>The server was killed.</summary>
    Killed,
}
