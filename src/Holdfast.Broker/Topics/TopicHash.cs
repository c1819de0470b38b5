using System.IO.Hashing;
using System.Security.Cryptography;

namespace Holdfast.Broker.Topics;

/// <summary>Hashes for tables in memory. Seeded at random, so that a client cannot prepare names that collide.</summary>
internal static class TopicHash
{
    private static readonly long Seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    public static ulong Of(ReadOnlySpan<byte> bytes) => XxHash3.HashToUInt64(bytes, Seed);

    public static ulong Of(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic) => XxHash3.HashToUInt64(topic, (long)Of(product));
}
