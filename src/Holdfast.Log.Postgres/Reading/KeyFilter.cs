using System.Numerics;

namespace Holdfast.Log.Postgres.Reading;

/// <summary>
/// A Bloom filter over the key hashes of one batch: ten bits a key, so a batch that holds none of the wanted keys is read in one case of a hundred.
/// The bytes are stored; their meaning never changes. An empty filter concerns every key.
/// </summary>
internal static class KeyFilter
{
    private const int BitsPerKey = 10;
    private const int Probes = 7;
    private const int SmallestBytes = 8;

    /// <summary>The filter of some keys.</summary>
    /// <param name="keys">The key hashes, repetitions removed.</param>
    public static byte[] Of(IReadOnlyCollection<ulong> keys)
    {
        var filter = new byte[Math.Max(SmallestBytes, (keys.Count * BitsPerKey + 7) / 8)];
        foreach (var key in keys)
        {
            var (position, step) = Start(key);
            for (var i = 0; i < Probes; i++)
            {
                var bit = Place(position, filter.Length);
                filter[bit >> 3] |= (byte)(1 << (bit & 7));
                position += step;
            }
        }

        return filter;
    }

    /// <summary>Whether a batch may hold one of the keys.</summary>
    public static bool MayHoldAny(ReadOnlySpan<byte> filter, ReadOnlySpan<ulong> keys)
    {
        if (filter.IsEmpty)
        {
            return true;
        }

        foreach (var key in keys)
        {
            if (MayHold(filter, key))
            {
                return true;
            }
        }

        return false;
    }

    private static bool MayHold(ReadOnlySpan<byte> filter, ulong key)
    {
        var (position, step) = Start(key);
        for (var i = 0; i < Probes; i++)
        {
            var bit = Place(position, filter.Length);
            if ((filter[bit >> 3] & (1 << (bit & 7))) == 0)
            {
                return false;
            }

            position += step;
        }

        return true;
    }

    private static (ulong Position, ulong Step) Start(ulong key)
    {
        // The keys are hashes, but their low bits have chosen the partition already.
        var mixed = key * 0x9E37_79B9_7F4A_7C15;
        mixed ^= mixed >> 32;
        return (mixed * 0xD6E8_FEB8_6659_FD93, BitOperations.RotateLeft(mixed, 31) | 1);
    }

    // The high bits of the position, scaled to the number of bits.
    private static int Place(ulong position, int bytes) => (int)(((position >> 32) * ((ulong)bytes * 8)) >> 32);
}
