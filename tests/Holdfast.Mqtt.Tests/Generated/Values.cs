using System.Text;
using CsCheck;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Mqtt.Tests.Generated;

/// <summary>Generators of the values that fields hold: short ones mostly, and the edges.</summary>
public static class Values
{
    private static readonly Gen<string> Character = Gen.OneOf(
        Gen.Char['a', 'e'].Select(character => character.ToString()),
        Gen.OneOf("/", " ", "\u0001", "\u007F", "\u0080", "é", "€", "\uFEFF", "\uFFFE", "\uD7FF", "\uE000", "😀", "\U0010FFFF"));

    public static readonly Gen<ProtocolVersion> AnyVersion = Gen.OneOf(ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5);

    public static readonly Gen<QualityOfService> Quality = Gen.Int[0, 2].Select(value => (QualityOfService)value);

    public static readonly Gen<ushort> PacketId = Gen.OneOf(Gen.UShort[1, 300], Gen.OneOf((ushort)1, ushort.MaxValue));

    public static readonly Gen<ushort> AnyUInt16 = Gen.OneOf(Gen.UShort, Gen.OneOf((ushort)0, (ushort)1, ushort.MaxValue));

    public static readonly Gen<ushort> PositiveUInt16 = PacketId;

    public static readonly Gen<uint> AnyUInt32 = Gen.OneOf(Gen.UInt, Gen.OneOf(0u, 1u, uint.MaxValue));

    public static readonly Gen<uint> PositiveUInt32 = AnyUInt32.Select(value => Math.Max(value, 1));

    public static readonly Gen<uint> Variable = Gen.OneOf(Gen.UInt[1, 268_435_455], Gen.OneOf(1u, 127u, 128u, 16_383u, 16_384u, 2_097_151u, 2_097_152u, 268_435_455u));

    public static readonly Gen<string> Text = Character.Array[0, 12].Select(string.Concat);

    public static readonly Gen<string> NonEmptyText = Character.Array[1, 12].Select(string.Concat);

    /// <summary>Text that is often longer than one byte can say, sometimes longer than a rented buffer.</summary>
    public static readonly Gen<string> AnyText = Gen.Frequency(
        (60, Text), (6, Gen.Int[100, 400].Select(length => new string('x', length))), (1, Gen.OneOf(new string('é', 32_767), new string('y', 65_535))));

    public static readonly Gen<byte[]> Bytes = Gen.Frequency(
        (60, Gen.Byte.Array[0, 20]), (6, Gen.Byte.Array[100, 400]), (1, Gen.OneOf(16_000, 65_535).Select(length => new byte[length])));

    public static readonly Gen<UserProperty[]> UserProperties =
        Gen.Select(Text, AnyText, (name, value) => new UserProperty(name, value)).Array[0, 3];

    /// <summary>The forwardable properties of a PUBLISH or a will, encoded, in any order.</summary>
    public static readonly Gen<byte[]> Forwardable =
        Gen.ShuffleSelect(
            (Gen<byte[]>[])
            [
                Gen.Bool.Select(text => new byte[] { 1, text ? (byte)1 : (byte)0 }),
                Text.Select(text => Encoded(3, text)),
                NonEmptyText.Select(text => Encoded(8, text)),
                Bytes.Select(bytes => (byte[])[9, .. PacketBytes.Binary(bytes)]),
                UserProperties.Select(properties => properties.SelectMany(property => Encoded(38, property.Name, property.Value)).ToArray()),
            ]).Select(parts => parts.SelectMany(part => part).ToArray());

    /// <summary>The value, or null.</summary>
    public static Gen<T?> Maybe<T>(Gen<T> generator)
        where T : struct
        => Gen.Select(Gen.Bool, generator, (given, value) => given ? value : (T?)null);

    /// <summary>The text, or null.</summary>
    public static Gen<string?> Maybe(Gen<string> generator) => Gen.Select(Gen.Bool, generator, (given, value) => given ? value : null);

    /// <summary>The bytes, or null.</summary>
    public static Gen<ReadOnlyMemory<byte>?> Maybe(Gen<byte[]> generator)
        => Gen.Select(Gen.Bool, generator, (given, value) => given ? new ReadOnlyMemory<byte>(value) : (ReadOnlyMemory<byte>?)null);

    private static byte[] Encoded(byte identifier, params string[] texts)
        => [identifier, .. texts.SelectMany(text => PacketBytes.Binary(Encoding.UTF8.GetBytes(text)))];
}
