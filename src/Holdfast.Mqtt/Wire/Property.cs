using System.Text;

namespace Holdfast.Mqtt.Wire;

/// <summary>One property, as it lies in the packet.</summary>
internal readonly ref struct Property
{
    /// <summary>Which property.</summary>
    public PropertyIdentifier Identifier { get; init; }

    /// <summary>The value of a number.</summary>
    public uint Number { get; init; }

    /// <summary>The value of a string or of binary data; the value of a pair.</summary>
    public ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>The name of a pair.</summary>
    public ReadOnlySpan<byte> Name { get; init; }

    /// <summary>The value of a number that is used as a boolean.</summary>
    public bool Flag => Number != 0;

    /// <summary>The value of a string.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>The value of a pair.</summary>
    public Packets.UserProperty UserProperty => new(Encoding.UTF8.GetString(Name), Text);

    /// <summary>How the value of a property is encoded.</summary>
    public static PropertyType TypeOf(PropertyIdentifier identifier)
        => (byte)identifier < Types.Length ? (PropertyType)Types[(byte)identifier] : PropertyType.Unknown;

    // Indexed by identifier: 1 byte, 2 two-byte, 3 four-byte, 4 variable byte integer, 5 binary, 6 string, 7 string pair.
    private static ReadOnlySpan<byte> Types =>
    [
        0, 1, 3, 6, 0, 0, 0, 0, 6, 5, 0, 4, 0, 0, 0, 0, 0, 3, 6, 2, 0, 6, 5, 1, 3, 1, 6, 0, 6, 0, 0, 6, 0, 2, 2, 2, 1, 1, 7, 3, 1, 1, 1,
    ];

    /// <summary>Reads a property's structure; the value is not judged.</summary>
    public static bool TryRead(scoped ref PacketReader reader, out Property property)
    {
        property = default;
        if (!reader.TryReadByte(out var byteIdentifier))
        {
            return false;
        }

        var identifier = (PropertyIdentifier)byteIdentifier;
        uint number = 0;
        ReadOnlySpan<byte> name = default;
        ReadOnlySpan<byte> bytes = default;
        bool complete;
        switch (TypeOf(identifier))
        {
            case PropertyType.Byte:
                complete = reader.TryReadByte(out var one);
                number = one;
                break;
            case PropertyType.TwoByteInteger:
                complete = reader.TryReadUInt16(out var two);
                number = two;
                break;
            case PropertyType.FourByteInteger:
                complete = reader.TryReadUInt32(out number);
                break;
            case PropertyType.VariableByteInteger:
                complete = reader.TryReadVariableByteInteger(out number);
                break;
            case PropertyType.BinaryData or PropertyType.Utf8String:
                complete = reader.TryReadBinary(out bytes);
                break;
            case PropertyType.Utf8StringPair:
                complete = reader.TryReadBinary(out name) && reader.TryReadBinary(out bytes);
                break;
            default:
                complete = reader.Refuse(DecodeError.Malformed($"There is no property {byteIdentifier}."));
                break;
        }

        property = new Property { Identifier = identifier, Number = number, Name = name, Bytes = bytes };
        return complete;
    }
}
