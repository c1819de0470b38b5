using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Holdfast.Device.Dialing;

/// <summary>
/// Connects to a host by any of its addresses: while one is silent the next is tried beside it (RFC 8305, section 5), and each dial begins behind the address that was used last, so that one which accepts
/// connections and is of no use does not keep the device from the others. Thread-safe.
/// </summary>
/// <param name="resolve">Gives the addresses of a host name.</param>
/// <param name="connect">Connects to one address.</param>
/// <param name="time">The clock of the head start.</param>
internal sealed class HostDialer(HostDialer.Resolver resolve, HostDialer.Connector connect, TimeProvider time)
{
    /// <summary>How long an address is tried alone before the next one is tried as well.</summary>
    public static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, IPAddress> _lastUsed = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gives the addresses of a host name.</summary>
    public delegate Task<IPAddress[]> Resolver(string host, CancellationToken cancellationToken);

    /// <summary>Connects to one address.</summary>
    public delegate Task<Stream> Connector(IPAddress address, int port, CancellationToken cancellationToken);

    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">The name has no address, or none of them can be reached: the reason of the last one that was tried.</exception>
    public async Task<Stream> DialAsync(string host, int port, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await resolve(host, cancellationToken).ConfigureAwait(false);
        if (addresses.Length == 0)
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        using var losing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var attempts = new List<Task<(IPAddress Address, Stream Stream)>>();
        try
        {
            var (address, stream) = await RaceAsync(InTurn(host, addresses), port, attempts, losing.Token).ConfigureAwait(false);
            _lastUsed[host] = address;
            return stream;
        }
        finally
        {
            await losing.CancelAsync().ConfigureAwait(false);
            attempts.ForEach(attempt => _ = CloseAsync(attempt));
        }
    }

    /// <summary>The winner is taken out of the attempts; the others are still running, or have failed.</summary>
    private async Task<(IPAddress Address, Stream Stream)> RaceAsync(
        IEnumerable<IPAddress> addresses, int port, List<Task<(IPAddress Address, Stream Stream)>> attempts, CancellationToken cancellationToken)
    {
        var waiting = new Queue<IPAddress>(addresses);
        while (true)
        {
            if (waiting.TryDequeue(out var next))
            {
                attempts.Add(ConnectAsync(next, port, cancellationToken));
            }

            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var patience = Task.Delay(waiting.Count > 0 ? HeadStart : Timeout.InfiniteTimeSpan, time, enough.Token);
            var first = await Task.WhenAny([.. attempts, patience]).ConfigureAwait(false);
            await enough.CancelAsync().ConfigureAwait(false);
            if (first is not Task<(IPAddress Address, Stream Stream)> ended)
            {
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            attempts.Remove(ended);
            if (ended.IsCompletedSuccessfully || (waiting.Count == 0 && attempts.Count == 0))
            {
                return await ended.ConfigureAwait(false);
            }
        }
    }

    private IEnumerable<IPAddress> InTurn(string host, IPAddress[] addresses)
    {
        var first = _lastUsed.TryGetValue(host, out var last) ? Array.IndexOf(addresses, last) + 1 : 0;
        return addresses[first..].Concat(addresses[..first]);
    }

    private async Task<(IPAddress Address, Stream Stream)> ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
        => (address, await connect(address, port, cancellationToken).ConfigureAwait(false));

    /// <summary>An attempt that is not needed any more.</summary>
    private static async Task CloseAsync(Task<(IPAddress Address, Stream Stream)> attempt)
    {
        try
        {
            await (await attempt.ConfigureAwait(false)).Stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or IOException)
        {
            // It has come to nothing by itself.
        }
    }
}
