using System.Buffers.Binary;

namespace Holdfast.Broker.Events;

/// <summary>
/// Walks over the MQTT 5 properties of a stored message in one pass, without allocating. Only what a broker forwards is stored (MQTT 5, 3.3.2.3).
/// </summary>
/// <param name="properties">As they stand in the record.</param>
public ref struct StoredProperties(ReadOnlySpan<byte> properties)
{
    /// <summary>Payload Format Indicator; one byte.</summary>
    public const byte PayloadFormatIndicator = 0x01;

    /// <summary>Content Type; a string.</summary>
    public const byte ContentType = 0x03;

    /// <summary>Response Topic; a string.</summary>
    public const byte ResponseTopic = 0x08;

    /// <summary>Correlation Data; bytes.</summary>
    public const byte CorrelationData = 0x09;

    /// <summary>User Property; a name and a string.</summary>
    public const byte UserProperty = 0x26;

    private ReadOnlySpan<byte> _rest = properties;

    /// <summary>The property identifier.</summary>
    public byte Identifier { get; private set; }

    /// <summary>The name of a user property; else empty.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>The value of a property that is a string or binary data.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Goes to the next property.</summary>
    /// <returns>False after the last one.</returns>
    /// <exception cref="InvalidDataException">There is a property that is never stored.</exception>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        Identifier = Take(1)[0];
        Name = Identifier == UserProperty ? Take(TakeLength()) : default;
        Value = Identifier switch
        {
            PayloadFormatIndicator => Take(1),
            ContentType or ResponseTopic or CorrelationData or UserProperty => Take(TakeLength()),
            _ => throw new InvalidDataException($"A stored message has the property 0x{Identifier:x2}, which is not forwarded and so never stored."),
        };
        return true;
    }

    private int TakeLength() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    private ReadOnlySpan<byte> Take(int length)
    {
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
