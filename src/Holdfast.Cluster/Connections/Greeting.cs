using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Connections;

/// <summary>
/// What two nodes say before anything else: who they are, and that they know the cluster's secret. Each sends the four letters, a length, its identity and a nonce; then a
/// proof over both greetings. The nonces make each proof good for one connection only; the role in it keeps a proof from being sent back to its author.
/// </summary>
internal static class Greeting
{
    private const int NonceBytes = 32;
    private const int ProofBytes = 32;
    private const int HeadBytes = 6;
    private const int LongestIdentity = 256;

    private static ReadOnlySpan<byte> Letters => "HFN1"u8;

    /// <summary>Greets, and returns who is at the other end.</summary>
    /// <param name="transport">The connection.</param>
    /// <param name="self">Who greets.</param>
    /// <param name="secret">The cluster's secret; empty when there is none.</param>
    /// <param name="isCaller">Whether this side has made the connection.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDataException">The other end is no node of this cluster.</exception>
    public static async Task<NodeId> ExchangeAsync(IDuplexPipe transport, NodeId self, byte[] secret, bool isCaller, CancellationToken cancellationToken)
    {
        var mine = Write(self);
        await transport.Output.WriteAsync(mine, cancellationToken).ConfigureAwait(false);
        var head = await ReadAsync(transport.Input, HeadBytes, cancellationToken).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(Letters.Length));
        if (!head.AsSpan(0, Letters.Length).SequenceEqual(Letters) || length > LongestIdentity)
        {
            throw new InvalidDataException("The other end does not speak as a node of Holdfast does.");
        }

        var rest = await ReadAsync(transport.Input, length + NonceBytes, cancellationToken).ConfigureAwait(false);
        byte[] theirs = [.. head, .. rest];
        var identity = Encoding.UTF8.GetString(rest, 0, length);
        await transport.Output.WriteAsync(Prove(secret, isCaller, mine, theirs), cancellationToken).ConfigureAwait(false);
        var proof = await ReadAsync(transport.Input, ProofBytes, cancellationToken).ConfigureAwait(false);
        if (!CryptographicOperations.FixedTimeEquals(proof, Prove(secret, !isCaller, theirs, mine)))
        {
            throw new InvalidDataException($"{identity} does not know the cluster's secret; give all nodes the same one.");
        }

        return NodeId.TryParse(identity, out var id) ? id : throw new InvalidDataException($"'{identity}' is no identity of a node.");
    }

    private static byte[] Write(NodeId self)
    {
        var identity = Encoding.UTF8.GetBytes(self.ToString());
        var greeting = new byte[HeadBytes + identity.Length + NonceBytes];
        Letters.CopyTo(greeting);
        BinaryPrimitives.WriteUInt16BigEndian(greeting.AsSpan(Letters.Length), (ushort)identity.Length);
        identity.CopyTo(greeting, HeadBytes);
        RandomNumberGenerator.Fill(greeting.AsSpan(HeadBytes + identity.Length));
        return greeting;
    }

    private static byte[] Prove(byte[] secret, bool isCaller, byte[] own, byte[] other)
    {
        byte[] said = [isCaller ? (byte)1 : (byte)2, .. own, .. other];
        return HMACSHA256.HashData(secret, said);
    }

    private static async Task<byte[]> ReadAsync(PipeReader input, int count, CancellationToken cancellationToken)
    {
        var result = await input.ReadAtLeastAsync(count, cancellationToken).ConfigureAwait(false);
        if (result.Buffer.Length < count)
        {
            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            throw new InvalidDataException("The other end went away while it greeted; it may not know the cluster's secret.");
        }

        var bytes = result.Buffer.Slice(0, count).ToArray();
        input.AdvanceTo(result.Buffer.GetPosition(count));
        return bytes;
    }
}
