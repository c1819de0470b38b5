using System.Diagnostics;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Bench.Connections;

namespace Holdfast.Server.Bench.Load;

/// <summary>Publishes given messages once, as fast as its window allows, and waits for all acknowledgements: the preparation of a measurement.</summary>
internal sealed class BulkPublisher : IBenchPackets
{
    /// <summary>A window that every broker's Receive Maximum allows.</summary>
    public const int SafeWindow = 20;

    /// <summary>So long without any acknowledgement means that the broker has stopped answering.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private readonly BenchConnection _connection;
    private readonly IEnumerator<PublishTemplate> _messages;
    private readonly BenchErrors _errors;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _window;
    private readonly Stack<ushort> _freePacketIds;
    private bool _isEnd;
    private long _answered;

    private BulkPublisher(BenchConnection connection, IEnumerator<PublishTemplate> messages, BenchErrors errors, int window)
    {
        (_connection, _messages, _errors, _window) = (connection, messages, errors, window);
        _freePacketIds = new Stack<ushort>(Enumerable.Range(1, window).Select(id => (ushort)id));
    }

    /// <summary>Publishes messages over a connection of its own.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="clientId">The client identifier.</param>
    /// <param name="messages">The messages, all above QoS 0.</param>
    /// <param name="errors">Takes negative acknowledgements.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <param name="window">Most messages without acknowledgement.</param>
    /// <exception cref="BenchException">The connection was lost, or the broker stopped answering.</exception>
    public static async Task PublishAsync(
        BenchOptions options, string clientId, IEnumerable<PublishTemplate> messages, BenchErrors errors, CancellationToken cancellationToken,
        int window = SafeWindow)
    {
        using BenchConnection connection = await BenchConnection.OpenAsync(options, new BenchClient(clientId), cancellationToken);
        using IEnumerator<PublishTemplate> enumerator = messages.GetEnumerator();
        var publisher = new BulkPublisher(connection, enumerator, errors, window);
        Task reading = connection.RunAsync(publisher);
        long answered = -1;
        while (!publisher._done.Task.IsCompleted)
        {
            await Task.WhenAny(publisher._done.Task, reading, Task.Delay(LongestSilence, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
            long now = Volatile.Read(ref publisher._answered);
            if (!publisher._done.Task.IsCompleted && (reading.IsCompleted || now == answered))
            {
                throw new BenchException($"publishing the messages to measure with failed: {connection.Failure ?? "the broker acknowledges no more"}");
            }

            answered = now;
        }

        await connection.DisconnectAsync(cancellationToken);
        await reading;
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
            _connection.Write(new AckPacket(PacketType.PubRel, packet.PacketId, ReasonCode.Success));
            return;
        }

        if (isRefused)
        {
            _errors.Add($"{packet.Type}: {packet.Reason}");
        }

        _freePacketIds.Push(packet.PacketId);
        Volatile.Write(ref _answered, _answered + 1);
    }

    /// <inheritdoc/>
    public void OnReadCompleted()
    {
        long now = Stopwatch.GetTimestamp();
        while (!_isEnd && _freePacketIds.Count > 0)
        {
            if (_messages.MoveNext())
            {
                PublishTemplate message = _messages.Current;
                message.Write(_connection.Reserve(message.Length), _freePacketIds.Pop(), now);
            }
            else
            {
                _isEnd = true;
            }
        }

        if (_isEnd && _freePacketIds.Count == _window)
        {
            _done.TrySetResult();
        }
    }
}
