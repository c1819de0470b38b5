using System.Text;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Publishing;
using Holdfast.Log.Partitions;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Api.Events;

/// <summary>An event as a request gives it, in either form, before it is checked as a whole.</summary>
internal sealed record EventDraft
{
    /// <summary>The longest text that an MQTT packet can carry, in UTF-8 bytes [MQTT-1.5.4].</summary>
    private const int MaximumTextBytes = 65_535;

    private const int MaximumStreamBytes = 255;

    public required string Product { get; init; }

    public string? Topic { get; init; }

    public string? Device { get; init; }

    public string? Name { get; init; }

    public ReadOnlyMemory<byte> Payload { get; init; }

    public string? ContentType { get; init; }

    public bool Retain { get; init; }

    public int QualityOfService { get; init; } = 1;

    public uint? ExpirySeconds { get; init; }

    public string? Stream { get; init; }

    public ulong? Sequence { get; init; }

    public IReadOnlyList<UserProperty> Properties { get; init; } = [];

    /// <summary>The event to publish, or what is wrong with it.</summary>
    public Parsed<EventToPublish> Check(int maximumPayloadBytes, Caller caller)
    {
        if (Payload.Length > maximumPayloadBytes)
        {
            return Problem.TooLarge($"The payload has {Payload.Length:N0} bytes; this node accepts {maximumPayloadBytes:N0}.");
        }

        if (!FindTopic().IsValid(out var topic, out var problem))
        {
            return problem;
        }

        problem = ProblemOfRights(topic, caller) ?? ProblemOfSequence(topic) ?? ProblemOfTexts();
        if (problem is not null)
        {
            return problem;
        }

        return new EventToPublish
        {
            Product = Product,
            Topic = topic,
            Payload = Payload,
            Publisher = caller.Publisher,
            QualityOfService = (QualityOfService)QualityOfService,
            Retain = Retain,
            ContentType = ContentType,
            Stream = Stream,
            Sequence = Sequence ?? 0,
            ExpirySeconds = ExpirySeconds,
            UserProperties = Properties,
        };
    }

    private Parsed<string> FindTopic()
    {
        if (Topic is not null)
        {
            return Device is null && Name is null
                ? Topic
                : Problem.Invalid("topic", "Give either 'topic', or 'device' and 'name'; not both.");
        }

        if (Device is null || Name is null)
        {
            return Problem.Invalid(
                Device is null && Name is null ? "topic" : Device is null ? "device" : "name",
                "Say where the event belongs: 'topic', or 'device' and 'name' for the topic devices/{device}/events/{name}.");
        }

        if (Device.Length == 0 || Device.AsSpan().ContainsAny("/+#"))
        {
            return Problem.Invalid("device", "A device id has at least one character and no '/', '+' or '#'.");
        }

        return Name.Length == 0
            ? Problem.Invalid("name", "The name of an event has at least one character.")
            : $"devices/{Device}/events/{Name}";
    }

    /// <summary>A topic that is none is for others to tell.</summary>
    private static Problem? ProblemOfRights(string topic, Caller caller)
        => topic.Length == 0 || caller.Rights.MayPublish(Encoding.UTF8.GetBytes(topic)) ? null : Problem.Forbidden($"You may not publish on the topic '{topic}'.") with { Where = "topic" };

    private Problem? ProblemOfSequence(string topic)
    {
        if (Stream is null && Sequence is null)
        {
            return null;
        }

        if (Stream is null || Sequence is null)
        {
            return Problem.Invalid(Stream is null ? "stream" : "sequence", "'stream' and 'sequence' belong together: give both or none.");
        }

        if (!IsText(Stream, MaximumStreamBytes) || Stream.Length == 0)
        {
            return Problem.Invalid("stream", $"A stream has 1 to {MaximumStreamBytes} bytes of UTF-8 without null characters.");
        }

        return Partitioning.TryGetDevice(Encoding.UTF8.GetBytes(topic), out _)
            ? null
            : Problem.Invalid("stream", "Deduplication by stream and sequence is for topics below devices/{id}/ only.");
    }

    private Problem? ProblemOfTexts()
    {
        const string Rule = "at most 65,535 bytes of UTF-8 without null characters";
        if (ContentType is not null && !IsText(ContentType, MaximumTextBytes))
        {
            return Problem.Invalid("contentType", $"A content type has {Rule}.");
        }

        return Properties.All(property => IsText(property.Name, MaximumTextBytes) && IsText(property.Value, MaximumTextBytes))
            ? null
            : Problem.Invalid("properties", $"Names and values of properties have {Rule}.");
    }

    private static bool IsText(string text, int maximumBytes)
        => !text.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(text) <= maximumBytes;
}
