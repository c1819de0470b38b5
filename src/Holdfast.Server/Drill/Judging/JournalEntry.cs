using System.Globalization;
using System.Text.Json;

namespace Holdfast.Server.Drill.Judging;

/// <summary>One action of one client: a line of a journal.</summary>
internal sealed record JournalEntry
{
    /// <summary>Microseconds since 1970, on the clock that all journals of a run share.</summary>
    public required long T { get; init; }

    /// <summary>Who did it.</summary>
    public required string Client { get; init; }

    /// <summary>What was done.</summary>
    public required JournalAction Action { get; init; }

    /// <summary>Who published the message.</summary>
    public string? Publisher { get; init; }

    /// <summary>The publisher's number of the message.</summary>
    public long Sequence { get; init; }

    /// <summary>The topic; of a subscription, the filter.</summary>
    public string? Topic { get; init; }

    /// <summary>The quality of service: of the publish, of the subscription, or of the delivery.</summary>
    public int Qos { get; init; }

    /// <summary>Of a publish: it was sent before. Of a delivery: the DUP flag.</summary>
    public bool Dup { get; init; }

    /// <summary>Of a publish: it becomes one event however often it is sent, by QoS 2 or by its stream and sequence.</summary>
    public bool Once { get; init; }

    /// <summary>The event's id, where the delivery tells it.</summary>
    public string? Id { get; init; }

    /// <summary>More in words; for people.</summary>
    public string? Detail { get; init; }

    public string ToLine() => JsonSerializer.Serialize(
        new JournalLine
        {
            At = DateTime.UnixEpoch.AddTicks(T * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture),
            Action = JournalActions.Name(Action, Dup),
            Stream = Publisher,
            Sequence = Sequence,
            Topic = Topic,
            Qos = Qos,
            Dup = Dup,
            Once = Once,
            EventId = Id,
            Detail = Detail,
        },
        JournalJson.Default.JournalLine);

    public static JournalEntry FromLine(string client, string text)
    {
        JournalLine line = JsonSerializer.Deserialize(text, JournalJson.Default.JournalLine)!;
        var at = DateTime.Parse(line.At, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);
        return new JournalEntry
        {
            T = (at - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond,
            Client = client,
            Action = JournalActions.Parse(line.Action),
            Publisher = line.Stream,
            Sequence = line.Sequence,
            Topic = line.Topic,
            Qos = line.Qos,
            Dup = line.Dup,
            Once = line.Once,
            Id = line.EventId,
            Detail = line.Detail,
        };
    }
}
