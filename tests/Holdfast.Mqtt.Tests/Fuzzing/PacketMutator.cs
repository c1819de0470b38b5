namespace Holdfast.Mqtt.Tests.Fuzzing;

/// <summary>Changes packets a little: bytes, lengths, pieces of others.</summary>
internal static class PacketMutator
{
    /// <summary>Numbers at which decoders go wrong.</summary>
    private static readonly byte[] Edges = [0x00, 0x01, 0x02, 0x0B, 0x26, 0x7F, 0x80, 0xBF, 0xC0, 0xED, 0xF4, 0xFE, 0xFF];

    /// <summary>Changes a packet in one to three places.</summary>
    /// <param name="packet">The packet; it stays as it is.</param>
    /// <param name="other">Another one, to take pieces from.</param>
    /// <param name="random">Where the changes come from.</param>
    public static byte[] Mutate(byte[] packet, byte[] other, Random random)
    {
        List<byte> bytes = [.. packet];
        for (var changes = random.Next(1, random.Next(2, 5)); changes > 0; changes--)
        {
            Change(bytes, other, random);
        }

        // A wrong remaining length ends most packets before anything else is looked at.
        return random.Next(8) == 0 ? [.. bytes] : WithLength([.. bytes]);
    }

    /// <summary>The packet with a remaining length that is right, if it has a fixed header at all.</summary>
    public static byte[] WithLength(byte[] bytes)
    {
        if (bytes.Length < 2)
        {
            return bytes;
        }

        var size = 1;
        while (size < 4 && size + 1 < bytes.Length && bytes[size] >= 0x80)
        {
            size++;
        }

        return PacketBytes.Packet(bytes[0], bytes[(size + 1)..]);
    }

    private static void Change(List<byte> bytes, byte[] other, Random random)
    {
        // The interesting bytes are at the front; long values are all alike.
        var at = random.Next(Math.Min(bytes.Count, random.Next(2) == 0 ? 16 : 300) + 1);
        switch (random.Next(7))
        {
            case 0:
                bytes.Insert(at, Edges[random.Next(Edges.Length)]);
                break;
            case 1 when at < bytes.Count:
                bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                break;
            case 2 when at < bytes.Count:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 17), bytes.Count - at)));
                break;
            case 3 when other.Length > 0:
                var from = random.Next(other.Length);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(random.Next(1, 33), other.Length - from)).ToArray());
                break;
            case 4 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 5 when at < bytes.Count:
                bytes[at] = Edges[random.Next(Edges.Length)];
                break;
            default:
                if (at < bytes.Count)
                {
                    bytes[at] += (byte)random.Next(-2, 3);
                }

                break;
        }
    }
}
