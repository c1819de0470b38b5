using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Simulation.Judging;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>
/// A device that publishes in order, some messages at a time, and goes to another node when no acknowledgement comes: there it publishes again what was not acknowledged. Every second one has a
/// deduplication stream.
/// </summary>
internal sealed class Device(SimulatedWorld world, int index)
{
    /// <summary>Between a client and its node the order holds.</summary>
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(0.2);

    private readonly SortedDictionary<int, long> _unconfirmed = [];
    private readonly byte[] _topic = System.Text.Encoding.UTF8.GetBytes($"devices/d{index}/events/e");
    private readonly int _window = 1 + (index % 4);
    private Connection? _connection;
    private int _sequence;
    private long _since;

    /// <summary>Whether the device has a deduplication stream.</summary>
    public bool HasStream => index % 2 == 0;

    public int Partition => index % SimulatedWorld.PartitionCount;

    /// <summary>The last message that the device shall send.</summary>
    public int LastSequence { get; set; } = int.MaxValue;

    /// <summary>How many messages it has made.</summary>
    public int Sequence => _sequence;

    /// <summary>Whether all is sent and acknowledged.</summary>
    public bool IsDone => _sequence >= LastSequence && _unconfirmed.Count == 0;

    public void Begin()
    {
        Connect();
        Publish();
        Watch();
    }

    /// <summary>Goes to any node that serves.</summary>
    private void Connect()
    {
        _connection = null;
        _since = world.Agenda.Now;
        var candidates = world.Running.Where(life => life.IsReady && !life.IsFrozen).ToList();
        if (candidates.Count == 0)
        {
            return;
        }

        _connection = new Connection(this, candidates[world.Random.Next(candidates.Count)]);
        foreach (var sequence in _unconfirmed.Keys.ToArray())
        {
            _unconfirmed[sequence] = world.Agenda.Now;
            _connection.Send(sequence);
        }
    }

    private void Publish()
    {
        world.Agenda.After(world.Between(4, 60), Publish);
        if (_connection is { } connection && _unconfirmed.Count < _window && _sequence < LastSequence)
        {
            _unconfirmed.Add(++_sequence, world.Agenda.Now);
            connection.Send(_sequence);
        }
    }

    private void Watch()
    {
        world.Agenda.After(TimeSpan.FromMilliseconds(100), Watch);
        var oldest = _unconfirmed.Count == 0 ? _since : Math.Max(_since, _unconfirmed.First().Value);
        var patience = TimeSpan.FromMilliseconds(700 + (300 * (index % 3)));
        if (_connection is not { Life.IsAlive: true } || (_unconfirmed.Count > 0 && world.Agenda.Now - oldest > patience.Ticks))
        {
            Connect();
        }
    }

    private void OnAnswer(Connection connection, int sequence, AppendStatus status)
    {
        if (connection != _connection)
        {
            return;
        }

        if (status == AppendStatus.Appended)
        {
            _unconfirmed.Remove(sequence);
        }
        else
        {
            // Refused: all the rest is sent again behind it, a little later.
            _connection = null;
        }
    }

    private sealed class Connection(Device device, Life life) : ICommitObserver
    {
        private readonly SimulatedWorld _world = life.World;
        private bool _isBroken;

        public Life Life => life;

        public void Send(int sequence) => _world.Agenda.After(Way, () => life.Receive(() => Accept(sequence)));

        public void OnCompleted(ulong token, int partition, long offset, AppendStatus status)
        {
            var (counter, sequence) = ((int)(token >> 32), (int)(token & uint.MaxValue));
            _world.History.Answered(new RecordName(life.Index, counter, device.Index, sequence), device.HasStream, partition, offset, status);
            _world.Agenda.After(Way, () => device.OnAnswer(this, sequence, status));
        }

        private void Accept(int sequence)
        {
            // What follows a message that was refused as busy would overtake it.
            if (_isBroken)
            {
                return;
            }

            var name = new RecordName(life.Index, _world.History.NextCounter(), device.Index, sequence);
            Span<byte> payload = stackalloc byte[RecordName.Size];
            name.WriteTo(payload);
            var record = new PublishRecord
            {
                Product = "p"u8,
                Publisher = "c"u8,
                Topic = device._topic,
                Payload = payload,
                Stream = device.HasStream ? "s"u8 : default,
                Sequence = (ulong)sequence,
                QualityOfService = 1,
                ReceivedAtMilliseconds = _world.Agenda.Clock.GetUtcNow().ToUnixTimeMilliseconds(),
            };
            _isBroken = life.Sending.TryAppend(device.Partition, record, this, ((ulong)name.Counter << 32) | (uint)sequence) != AppendAdmission.Accepted;
            if (!_isBroken)
            {
                _world.History.Accepted(name);
            }
        }
    }

    private int Index => index;
}
