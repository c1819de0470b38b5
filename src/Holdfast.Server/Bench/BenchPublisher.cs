using System.Diagnostics;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Server.Bench;

/// <summary>A publishing connection: as fast as its window allows, or when it is told to.</summary>
/// <param name="connection">The connection.</param>
/// <param name="template">What is published.</param>
/// <param name="options">The task.</param>
/// <param name="recording">Whether latencies count now.</param>
internal sealed class BenchPublisher(BenchConnection connection, PublishTemplate template, BenchOptions options, BenchRecording recording) : IBenchPackets
{
    private const int PumpBytes = 64 * 1024;

    private readonly byte[] _packet = new byte[template.Length];
    private readonly Stack<ushort> _freePacketIds = new(Enumerable.Range(1, options.Window).Reverse().Select(id => (ushort)id));
    private readonly long[] _sentAt = new long[options.Window + 1];
    private readonly Queue<long> _backlog = new();
    private bool _saturate;
    private long _published;
    private long _acknowledged;

    /// <summary>Messages given to the socket.</summary>
    public long Published => Volatile.Read(ref _published);

    /// <summary>Messages acknowledged; at QoS 0 those published.</summary>
    public long Acknowledged => options.QualityOfService == QualityOfService.AtMostOnce ? Published : Volatile.Read(ref _acknowledged);

    /// <summary>From sending, or the intended time of it, to the acknowledgement.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>The connection.</summary>
    public BenchConnection Connection => connection;

    /// <summary>Publishes as fast as the window, or at QoS 0 the socket, allows.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task SaturateAsync(CancellationToken cancellationToken)
    {
        if (options.QualityOfService == QualityOfService.AtMostOnce)
        {
            await PumpAsync(cancellationToken);
            return;
        }

        lock (connection.Gate)
        {
            _saturate = true;
            FillWindow(Stopwatch.GetTimestamp());
        }

        connection.Flush();
    }

    /// <summary>Publishes one message now, or as soon as the window has room; its latency counts from the intended time.</summary>
    /// <param name="intended">The <see cref="Stopwatch"/> timestamp when it should be sent.</param>
    public void Offer(long intended)
    {
        lock (connection.Gate)
        {
            if (options.QualityOfService == QualityOfService.AtMostOnce)
            {
                Append(0, intended);
            }
            else
            {
                _backlog.Enqueue(intended);
                FillWindow(intended);
            }
        }

        connection.Flush();
    }

    /// <summary>Stops publishing; acknowledgements still count.</summary>
    public void Stop()
    {
        lock (connection.Gate)
        {
            _saturate = false;
            _backlog.Clear();
        }
    }

    /// <inheritdoc/>
    public void OnPublish(in PublishPacket packet, long now)
    {
    }

    /// <inheritdoc/>
    public void OnAck(AckPacket packet, long now)
    {
        lock (connection.Gate)
        {
            if (packet.Type == PacketType.PubRec)
            {
                connection.Write(new AckPacket(PacketType.PubRel, packet.PacketId, ReasonCode.Success));
                return;
            }

            _freePacketIds.Push(packet.PacketId);
            Volatile.Write(ref _acknowledged, _acknowledged + 1);
            if (recording.IsOn)
            {
                Latency.Record(_sentAt[packet.PacketId], now);
            }
        }
    }

    /// <inheritdoc/>
    public void OnReadCompleted()
    {
        lock (connection.Gate)
        {
            FillWindow(Stopwatch.GetTimestamp());
        }

        connection.Flush();
    }

    private void FillWindow(long now)
    {
        while (_freePacketIds.Count > 0 && (_saturate || _backlog.Count > 0))
        {
            Append(_freePacketIds.Pop(), _saturate ? now : _backlog.Dequeue());
        }
    }

    private void Append(ushort packetId, long timestamp)
    {
        template.Write(_packet, packetId, timestamp);
        connection.Write(_packet);
        _sentAt[packetId] = timestamp;
        Volatile.Write(ref _published, _published + 1);
    }

    // At QoS 0 nothing comes back, so the socket's back-pressure is the only limit. Yielding keeps the loop off the thread that serves all sockets.
    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        int count = Math.Max(1, PumpBytes / template.Length);
        byte[] buffer = new byte[count * template.Length];
        while (!cancellationToken.IsCancellationRequested && connection.Failure is null)
        {
            await Task.Yield();
            long now = Stopwatch.GetTimestamp();
            for (int index = 0; index < count; index++)
            {
                template.Write(buffer.AsSpan(index * template.Length), 0, now);
            }

            await connection.SendAsync(buffer, cancellationToken);
            Volatile.Write(ref _published, _published + count);
        }
    }
}
