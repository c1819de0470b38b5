using Holdfast.Mqtt.Packets;
using Holdfast.Mqtt.Wire;

namespace Holdfast.Mqtt;

/// <summary>Walks over encoded MQTT 5 properties that the decoder has validated.</summary>
public static class PropertyFilter
{
    /// <summary>Copies the properties that are forwarded unchanged with a PUBLISH, in order [MQTT-3.3.2-17, MQTT-3.3.2-18].</summary>
    /// <param name="properties">Validated properties without the length.</param>
    /// <param name="destination">At least as long as <paramref name="properties"/>.</param>
    /// <returns>The bytes written.</returns>
    public static int CopyForwardable(ReadOnlySpan<byte> properties, Span<byte> destination)
    {
        var reader = new PacketReader(properties);
        var written = 0;
        while (TryNext(ref reader, out var property, out var encoded))
        {
            if (PropertySet.Forwardable.Contains(property.Identifier))
            {
                encoded.CopyTo(destination[written..]);
                written += encoded.Length;
            }
        }

        return written;
    }

    /// <summary>The value of the first user property of that name.</summary>
    /// <param name="properties">Validated properties without the length.</param>
    /// <param name="name">The name in UTF-8.</param>
    /// <param name="value">The value in UTF-8.</param>
    public static bool TryGetUserProperty(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var reader = new PacketReader(properties);
        while (TryNext(ref reader, out var property, out _))
        {
            if (property.Identifier == PropertyIdentifier.UserProperty && property.Name.SequenceEqual(name))
            {
                value = property.Bytes;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>
    /// The value of the first property with this identifier whose value is a string or binary data (content type 3, response topic 8,
    /// correlation data 9).
    /// </summary>
    /// <param name="properties">Validated properties without the length.</param>
    /// <param name="identifier">The property identifier.</param>
    /// <param name="value">The bytes.</param>
    public static bool TryGetBytes(ReadOnlySpan<byte> properties, byte identifier, out ReadOnlySpan<byte> value)
    {
        var reader = new PacketReader(properties);
        while (TryNext(ref reader, out var property, out _))
        {
            if ((byte)property.Identifier == identifier && Property.TypeOf(property.Identifier) is PropertyType.Utf8String or PropertyType.BinaryData)
            {
                value = property.Bytes;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>The value of the first property with this identifier whose value is a number (payload format indicator 1).</summary>
    /// <param name="properties">Validated properties without the length.</param>
    /// <param name="identifier">The property identifier.</param>
    /// <param name="value">The number.</param>
    public static bool TryGetNumber(ReadOnlySpan<byte> properties, byte identifier, out uint value)
    {
        var reader = new PacketReader(properties);
        while (TryNext(ref reader, out var property, out _))
        {
            if ((byte)property.Identifier == identifier
                && Property.TypeOf(property.Identifier) is >= PropertyType.Byte and <= PropertyType.VariableByteInteger)
            {
                value = property.Number;
                return true;
            }
        }

        value = 0;
        return false;
    }

    /// <summary>The user properties, in order.</summary>
    /// <param name="properties">Validated properties without the length.</param>
    public static IReadOnlyList<UserProperty> GetUserProperties(ReadOnlySpan<byte> properties)
    {
        var found = new List<UserProperty>();
        var reader = new PacketReader(properties);
        while (TryNext(ref reader, out var property, out _))
        {
            if (property.Identifier == PropertyIdentifier.UserProperty)
            {
                found.Add(property.UserProperty);
            }
        }

        return found;
    }

    /// <summary>The subscription identifiers of a PUBLISH from a server, in order.</summary>
    /// <param name="properties">Validated properties without the length.</param>
    public static IReadOnlyList<uint> GetSubscriptionIdentifiers(ReadOnlySpan<byte> properties)
    {
        var found = new List<uint>();
        var reader = new PacketReader(properties);
        while (TryNext(ref reader, out var property, out _))
        {
            if (property.Identifier == PropertyIdentifier.SubscriptionIdentifier)
            {
                found.Add(property.Number);
            }
        }

        return found;
    }

    private static bool TryNext(scoped ref PacketReader reader, out Property property, out ReadOnlySpan<byte> encoded)
    {
        var before = reader.Rest;
        if (before.IsEmpty || !Property.TryRead(ref reader, out property))
        {
            property = default;
            encoded = default;
            return false;
        }

        encoded = before[..^reader.Rest.Length];
        return true;
    }
}
