using System.IO.Hashing;

namespace Holdfast.Broker.Topics;

/// <summary>Hashes for tables in memory. Seeded at random, so that a client cannot prepare names that collide.</summary>
internal static class TopicHash
{
    /// <summary>122 random bits of the operating system's: <c>RandomNumberGenerator</c> would load OpenSSL for them, which takes five megabytes.</summary>
    private static readonly long Seed = (long)XxHash3.HashToUInt64(Guid.NewGuid().ToByteArray());

    public static ulong Of(ReadOnlySpan<byte> bytes) => XxHash3.HashToUInt64(bytes, Seed);

    public static ulong Of(ReadOnlySpan<byte> product, ReadOnlySpan<byte> topic) => XxHash3.HashToUInt64(topic, (long)Of(product));
}
