using System.Numerics;
using System.Runtime.InteropServices;

namespace Holdfast.Log.Segments.Format;

/// <summary>CRC-32C (Castagnoli) with the processor's instruction: eight bytes a step.</summary>
internal static class Crc32C
{
    /// <summary>The start value of the standard checksum.</summary>
    public const uint StandardSeed = uint.MaxValue;

    /// <summary>The checksum of some bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="seed">The start value; another one makes checksums that nobody without it can forge by chance or by intent.</param>
    public static uint Of(ReadOnlySpan<byte> bytes, uint seed = StandardSeed)
    {
        var crc = seed;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var last in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, last);
        }

        return ~crc;
    }
}
