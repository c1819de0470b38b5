using System.Diagnostics;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Measuring;

namespace Holdfast.Server.Bench.Load;

/// <summary>A publishing connection: as fast as its window allows, or when it is told to.</summary>
/// <param name="connection">The connection.</param>
/// <param name="templates">What is published, in turn: all of the same length and quality of service.</param>
/// <param name="window">Most messages without acknowledgement, above QoS 0.</param>
/// <param name="errors">Takes negative acknowledgements.</param>
internal sealed class BenchPublisher(BenchConnection connection, IReadOnlyList<PublishTemplate> templates, int window, BenchErrors errors) : IBenchPackets
{
    private const int PumpBytes = 64 * 1024;

    /// <summary>At QoS 0 and a fixed rate: what may wait for a socket that takes nothing before messages wait unsent, with their intended times.</summary>
    private const int MostPendingBytes = 256 * 1024;

    private readonly Stack<ushort> _freePacketIds = new(Enumerable.Range(1, window).Reverse().Select(id => (ushort)id));
    private readonly long[] _sentAt = new long[window + 1];

    /// <summary>Messages of a fixed rate that could not be sent yet: at most the rate times the duration.</summary>
    private readonly Queue<long> _backlog = new();

    private int _nextTemplate;
    private bool _saturate;
    private long _published;
    private long _acknowledged;
    private long _refused;

    /// <summary>Whether its messages are acknowledged: above QoS 0.</summary>
    public bool IsAcknowledged { get; } = templates[0].QualityOfService != QualityOfService.AtMostOnce;

    /// <summary>Messages given to the socket.</summary>
    public long Published => Volatile.Read(ref _published);

    /// <summary>Messages acknowledged; at QoS 0 those published.</summary>
    public long Acknowledged => IsAcknowledged ? Volatile.Read(ref _acknowledged) : Published;

    /// <summary>Messages that the broker answered with an error.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>From sending, or the intended time of it, to the acknowledgement.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>The connection.</summary>
    public BenchConnection Connection => connection;

    /// <summary>Messages that are due and not sent yet.</summary>
    public int Unsent
    {
        get
        {
            lock (connection.Gate)
            {
                return _backlog.Count;
            }
        }
    }

    /// <summary>Publishes as fast as the window, or at QoS 0 the socket, allows.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task SaturateAsync(CancellationToken cancellationToken)
    {
        if (!IsAcknowledged)
        {
            await PumpAsync(cancellationToken);
            return;
        }

        lock (connection.Gate)
        {
            _saturate = true;
            WriteWhatMaySend(Stopwatch.GetTimestamp());
        }

        connection.Flush();
    }

    /// <summary>Publishes one message now, or as soon as there is room for it; its latency counts from the intended time.</summary>
    /// <param name="intended">The <see cref="Stopwatch"/> timestamp when it should be sent.</param>
    public void Offer(long intended)
    {
        lock (connection.Gate)
        {
            _backlog.Enqueue(intended);
            WriteWhatMaySend(intended);
        }

        connection.Flush();
    }

    /// <summary>Stops publishing as fast as possible; what was offered is still sent, and acknowledgements still count.</summary>
    public void Stop()
    {
        lock (connection.Gate)
        {
            _saturate = false;
        }
    }

    /// <summary>Sends what waited for room, if there is some now.</summary>
    public void Resume()
    {
        lock (connection.Gate)
        {
            WriteWhatMaySend(Stopwatch.GetTimestamp());
        }

        connection.Flush();
    }

    /// <inheritdoc/>
    public void OnPublish(in PublishPacket packet, long now)
    {
    }

    /// <inheritdoc/>
    public void OnAck(AckPacket packet, long now)
    {
        bool isRefused = (byte)packet.Reason >= 0x80;
        if (packet.Type == PacketType.PubRec && !isRefused)
        {
            connection.Write(new AckPacket(PacketType.PubRel, packet.PacketId, ReasonCode.Success));
            return;
        }

        _freePacketIds.Push(packet.PacketId);
        if (isRefused)
        {
            errors.Add($"{packet.Type}: {packet.Reason}");
            Volatile.Write(ref _refused, _refused + 1);
            return;
        }

        Volatile.Write(ref _acknowledged, _acknowledged + 1);
        Latency.Record(_sentAt[packet.PacketId], now);
    }

    /// <inheritdoc/>
    public void OnReadCompleted() => WriteWhatMaySend(Stopwatch.GetTimestamp());

    private bool HasRoom => IsAcknowledged ? _freePacketIds.Count > 0 : connection.PendingBytes < MostPendingBytes;

    private void WriteWhatMaySend(long now)
    {
        while ((_saturate || _backlog.Count > 0) && HasRoom)
        {
            ushort packetId = IsAcknowledged ? _freePacketIds.Pop() : (ushort)0;
            long timestamp = _saturate ? now : _backlog.Dequeue();
            PublishTemplate template = NextTemplate();
            template.Write(connection.Reserve(template.Length), packetId, timestamp);
            _sentAt[packetId] = timestamp;
            Volatile.Write(ref _published, _published + 1);
        }
    }

    private PublishTemplate NextTemplate()
    {
        _nextTemplate = _nextTemplate + 1 < templates.Count ? _nextTemplate + 1 : 0;
        return templates[_nextTemplate];
    }

    private void Fill(Span<byte> buffer, int length)
    {
        for (; buffer.Length > 0; buffer = buffer[length..])
        {
            NextTemplate().Write(buffer, 0, 0);
        }
    }

    // At QoS 0 nothing comes back, so the socket's back-pressure is the only limit. Yielding keeps the loop off the thread that serves all sockets.
    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        int length = templates[0].Length;
        int count = Math.Max(1, PumpBytes / length);
        byte[] buffer = new byte[count * length];
        Fill(buffer, length);

        try
        {
            while (!cancellationToken.IsCancellationRequested && connection.Failure is null)
            {
                await Task.Yield();
                long now = Stopwatch.GetTimestamp();
                if (templates.Count > 1)
                {
                    Fill(buffer, length);
                }

                for (int index = 0; index < count; index++)
                {
                    templates[0].Stamp(buffer.AsSpan(index * length), now);
                }

                await connection.SendAsync(buffer, CancellationToken.None);
                Volatile.Write(ref _published, _published + count);
            }
        }
        catch (Exception exception) when (BenchException.IsConnectionFailure(exception))
        {
            errors.Add($"sending failed: {BenchException.ReasonOf(exception)}");
        }
    }
}
