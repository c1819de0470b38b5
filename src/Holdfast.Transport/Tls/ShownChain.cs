using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Transport.Tls;

/// <summary>What a client has shown besides its own certificate in the handshake. Copied, because the handshake disposes of it.</summary>
/// <param name="Certificates">DER.</param>
internal sealed record ShownChain(IReadOnlyList<byte[]> Certificates)
{
    /// <summary>More are not kept.</summary>
    private const int Most = 8;

    /// <summary>Reads what came with a certificate.</summary>
    /// <param name="chain">The chain of the handshake.</param>
    public static ShownChain Of(X509Chain? chain) => new(chain is null ? [] : [.. chain.ChainPolicy.ExtraStore.Take(Most).Select(one => one.RawData)]);
}
