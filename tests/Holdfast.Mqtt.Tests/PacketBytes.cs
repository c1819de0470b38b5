using System.Text;

namespace Holdfast.Mqtt.Tests;

/// <summary>Packets written by hand, valid or not.</summary>
public static class PacketBytes
{
    /// <summary>A packet with the right remaining length.</summary>
    public static byte[] Packet(int firstByte, params byte[][] parts)
    {
        byte[] body = [.. parts.SelectMany(part => part)];
        return [(byte)firstByte, .. Variable(body.Length), .. body];
    }

    /// <summary>The properties with their length.</summary>
    public static byte[] Properties(params byte[][] parts)
    {
        byte[] body = [.. parts.SelectMany(part => part)];
        return [.. Variable(body.Length), .. body];
    }

    /// <summary>A string or binary data with its length.</summary>
    public static byte[] Text(string text) => Binary(Encoding.UTF8.GetBytes(text));

    /// <summary>Binary data with its length.</summary>
    public static byte[] Binary(params byte[] bytes) => [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];

    /// <summary>Bytes as they are.</summary>
    public static byte[] Raw(params byte[] bytes) => bytes;

    private static byte[] Variable(int value)
    {
        var bytes = new List<byte>();
        while (value > 127)
        {
            bytes.Add((byte)((value % 128) + 128));
            value /= 128;
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }
}
