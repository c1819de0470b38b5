using System.Buffers;
using System.IO.Pipelines;
using Holdfast.Broker;
using Holdfast.Broker.Connections;
using Holdfast.Mqtt;
using Holdfast.Transport.Channels;
using Holdfast.Transport.Tls;
using Microsoft.AspNetCore.Connections;

namespace Holdfast.Transport;

/// <summary>
/// Reads packets from a connection. The loop's law: check the limit, parse every complete packet, advance once, then look at completion. One
/// flush for each touched connection follows each read.
/// </summary>
/// <param name="node">The broker.</param>
/// <param name="listener">What this listener admits.</param>
/// <param name="time">The clock.</param>
internal sealed class MqttConnectionHandler(BrokerNode node, MqttListener listener, TimeProvider time)
{
    /// <summary>How long a peer may take to end a connection that we have closed, before it is cut.</summary>
    public static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(5);

    /// <summary>Serves one connection until it ends.</summary>
    /// <param name="channel">The connection.</param>
    public async Task ServeAsync(NetworkChannel channel)
    {
        var output = new PipePacketOutput(channel);
        var connection = node.Accept(output, new ConnectionInfo(channel.Remote, listener.AllowAnonymous)
        {
            Address = channel.Address,
            Listener = listener.EndPoint.ToString(),
            Limits = listener.Limits,
            Certificate = channel.Certificate,
            Intermediates = channel.Intermediates,
            RequiresCertificate = listener.ClientCertificates == ClientCertificateMode.Required,
        });
        try
        {
            if (await ReadPacketsAsync(connection, output, channel.Input).ConfigureAwait(false))
            {
                // The session is let go first: a will must not wait for a peer that lingers.
                await node.EndAsync(connection).ConfigureAwait(false);
                await LingerAsync(channel).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or ConnectionResetException or ConnectionAbortedException or OperationCanceledException)
        {
            // The network ended it; the session's state tells what that means.
        }
        finally
        {
            await EndOutputAsync(output, channel).ConfigureAwait(false);
            await node.EndAsync(connection).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whoever owns the channel may take it down only when nothing writes any more, and would wait for ever for a peer that takes nothing: it is cut.
    /// </summary>
    private static async Task EndOutputAsync(PipePacketOutput output, NetworkChannel channel)
    {
        var idle = output.EndAsync();
        if (!idle.IsCompleted)
        {
            channel.Abort("The connection has ended while the peer did not read.");
            await idle.ConfigureAwait(false);
        }
    }

    /// <summary>Reads until the connection is closed by either side.</summary>
    /// <returns>True when we have closed it.</returns>
    private static async Task<bool> ReadPacketsAsync(ClientConnection connection, PipePacketOutput output, PipeReader input)
    {
        while (true)
        {
            var result = await input.ReadAsync().ConfigureAwait(false);
            if (result.IsCanceled)
            {
                input.AdvanceTo(result.Buffer.Start);
                return true;
            }

            var rest = result.Buffer;
            var outcome = ReadOutcome.NeedsMore;
            try
            {
                outcome = Handle(connection, ref rest);
            }
            finally
            {
                // Only an incomplete packet has been examined to its end; else what is left is given again at once.
                input.AdvanceTo(rest.Start, outcome == ReadOutcome.NeedsMore ? rest.End : rest.Start);
            }

            var endOfRead = connection.EndOfReadAsync(isInsidePacket: outcome == ReadOutcome.NeedsMore && !rest.IsEmpty);
            if (!endOfRead.IsCompletedSuccessfully)
            {
                await endOfRead.ConfigureAwait(false);
            }

            switch (outcome)
            {
                case ReadOutcome.Closed:
                    return true;
                case ReadOutcome.Busy:
                    // While commits do not return there is no room, and nothing to wait for once it is closed.
                    await Task.WhenAny(connection.WhenRoomAsync(), output.WhenClosedAsync()).ConfigureAwait(false);
                    break;
                case ReadOutcome.Wait:
                    await connection.PendingWork.ConfigureAwait(false);
                    break;
                case ReadOutcome.NeedsMore when result.IsCompleted:
                    return false;
            }
        }
    }

    /// <summary>Handles every complete packet, and leaves the rest.</summary>
    private static ReadOutcome Handle(ClientConnection connection, ref ReadOnlySequence<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            var segment = rest.FirstSpan;
            var outcome = HandleSegment(connection, segment, out var consumed);
            rest = rest.Slice(consumed);
            if (outcome == ReadOutcome.NeedsMore && !rest.IsEmpty && !rest.IsSingleSegment)
            {
                outcome = HandleAcrossSegments(connection, ref rest);
            }

            if (outcome != ReadOutcome.Continue)
            {
                return outcome;
            }
        }

        return ReadOutcome.NeedsMore;
    }

    private static ReadOutcome HandleSegment(ClientConnection connection, ReadOnlySpan<byte> segment, out int consumed)
    {
        consumed = 0;
        while (consumed < segment.Length)
        {
            var bytes = segment[consumed..];
            var status = PacketDecoder.TryReadHeader(bytes, connection.MaximumPacketSize, out var header);
            if (status is FrameStatus.Malformed or FrameStatus.TooLarge)
            {
                connection.HandleBadFrame(status);
                return ReadOutcome.Closed;
            }

            if (status == FrameStatus.Incomplete || bytes.Length < header.Length)
            {
                return ReadOutcome.NeedsMore;
            }

            var outcome = connection.Handle(header, bytes[header.HeaderLength..header.Length]);
            if (outcome == PacketOutcome.Busy)
            {
                return ReadOutcome.Busy;
            }

            consumed += header.Length;
            if (outcome != PacketOutcome.Continue)
            {
                return outcome == PacketOutcome.Wait ? ReadOutcome.Wait : ReadOutcome.Closed;
            }
        }

        return ReadOutcome.Continue;
    }

    /// <summary>Handles one packet that lies in several segments: it is copied together first.</summary>
    private static ReadOutcome HandleAcrossSegments(ClientConnection connection, ref ReadOnlySequence<byte> rest)
    {
        Span<byte> start = stackalloc byte[5];
        var startLength = (int)Math.Min(rest.Length, start.Length);
        rest.Slice(0, startLength).CopyTo(start);
        var status = PacketDecoder.TryReadHeader(start[..startLength], connection.MaximumPacketSize, out var header);
        if (status is FrameStatus.Malformed or FrameStatus.TooLarge)
        {
            connection.HandleBadFrame(status);
            return ReadOutcome.Closed;
        }

        if (status == FrameStatus.Incomplete || rest.Length < header.Length)
        {
            return ReadOutcome.NeedsMore;
        }

        var packet = ArrayPool<byte>.Shared.Rent(header.Length);
        try
        {
            rest.Slice(0, header.Length).CopyTo(packet);
            var outcome = HandleSegment(connection, packet.AsSpan(0, header.Length), out var consumed);
            rest = rest.Slice(consumed);
            return outcome;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packet);
        }
    }

    /// <summary>
    /// Reads and discards what the peer still sends, so that our last packet arrives and no reset overtakes it, until the peer ends the connection or
    /// its time is up.
    /// </summary>
    private async Task LingerAsync(NetworkChannel channel)
    {
        using var limit = new CancellationTokenSource(LingerTime, time);
        try
        {
            ReadResult result;
            do
            {
                result = await channel.Input.ReadAsync(limit.Token).ConfigureAwait(false);
                channel.Input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
        }
        catch (OperationCanceledException)
        {
            // Whoever owns the connection closes it now.
        }
    }

    private enum ReadOutcome
    {
        Continue,
        NeedsMore,
        Busy,
        Wait,
        Closed,
    }
}
