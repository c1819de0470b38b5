using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Events;

/// <summary>What a stored message says about itself as an event, whatever form it is written in. Spans point into the record.</summary>
public readonly ref struct EventFacts
{
    private EventFacts(
        ReadOnlySpan<byte> device, ReadOnlySpan<byte> name, ReadOnlySpan<byte> contentType, long? publishedAtMilliseconds, PayloadEncoding encoding)
    {
        Device = device;
        Name = name;
        ContentType = contentType;
        PublishedAtMilliseconds = publishedAtMilliseconds;
        Encoding = encoding;
    }

    /// <summary>The device id of a topic below <c>devices/{id}/</c>; else empty.</summary>
    public ReadOnlySpan<byte> Device { get; }

    /// <summary>What stands below <c>devices/{id}/events/</c>; else the whole topic.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>The MQTT 5 content type; empty when the publisher gave none.</summary>
    public ReadOnlySpan<byte> ContentType { get; }

    /// <summary>The device's own time in Unix milliseconds, see <see cref="EventTime"/>; else null.</summary>
    public long? PublishedAtMilliseconds { get; }

    /// <summary>The form in which the payload stands in JSON.</summary>
    public PayloadEncoding Encoding { get; }

    private static ReadOnlySpan<byte> EventsLevel => "/events/"u8;

    private static ReadOnlySpan<byte> DevicesLevel => "devices/"u8;

    /// <summary>The facts of a message.</summary>
    /// <param name="record">The message.</param>
    public static EventFacts Of(in PublishRecord record)
    {
        ReadOnlySpan<byte> contentType = default;
        long? publishedAt = null;
        var reader = new StoredProperties(record.Properties);
        while (reader.MoveNext())
        {
            if (reader.Identifier == StoredProperties.ContentType)
            {
                contentType = reader.Value;
            }
            else if (publishedAt is null && reader.Name.SequenceEqual(EventTime.PublishedAtProperty)
                && EventTime.TryParse(reader.Value, out var time))
            {
                publishedAt = time;
            }
        }

        Partitioning.TryGetDevice(record.Topic, out var device);
        return new EventFacts(device, NameOf(record.Topic), contentType, publishedAt, EncodingOf(record.Payload, contentType));
    }

    /// <summary>The name of an event: what stands below <c>devices/{id}/events/</c>; else the whole topic.</summary>
    /// <param name="topic">The topic name.</param>
    public static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> topic)
    {
        if (!Partitioning.TryGetDevice(topic, out var device))
        {
            return topic;
        }

        var below = topic[(DevicesLevel.Length + device.Length)..];
        return below.Length > EventsLevel.Length && below.StartsWith(EventsLevel) ? below[EventsLevel.Length..] : topic;
    }

    private static PayloadEncoding EncodingOf(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> contentType)
        => IsJson(contentType) && Parses(payload) ? PayloadEncoding.Json
            : Utf8.IsValid(payload) ? PayloadEncoding.String
            : PayloadEncoding.Base64;

    private static bool IsJson(ReadOnlySpan<byte> contentType)
    {
        var parameters = contentType.IndexOf((byte)';');
        var mediaType = (parameters < 0 ? contentType : contentType[..parameters]).Trim((byte)' ');
        return Ascii.EqualsIgnoreCase(mediaType, "application/json"u8)
            || (mediaType.Length > 5 && Ascii.EqualsIgnoreCase(mediaType[^5..], "+json"u8));
    }

    private static bool Parses(ReadOnlySpan<byte> payload)
    {
        var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = EventWriter.MaximumJsonDepth });
        try
        {
            while (reader.Read())
            {
                // Reading to the end is the check.
            }

            return Utf8.IsValid(payload);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
