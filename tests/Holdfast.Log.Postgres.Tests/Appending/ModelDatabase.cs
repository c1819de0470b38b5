using Holdfast.Log.Postgres.Appending;
using Holdfast.Log.Postgres.Connections;

namespace Holdfast.Log.Postgres.Tests.Appending;

/// <summary>
/// The fence in memory, with faults by a seed: requests and answers get lost, a lost request may be carried out much later, others claim partitions, and a
/// commit without a standby disappears at a fail-over.
/// </summary>
internal sealed class ModelDatabase(int seed, string owner, int partitions) : IFenceDatabase
{
    private readonly Random _random = new(seed);
    private readonly PartitionHead[] _heads = [.. Enumerable.Range(0, partitions).Select(i => new PartitionHead(i, 0, 1, owner))];
    private readonly List<Action> _onTheirWay = [];

    /// <summary>How likely each step goes wrong.</summary>
    public double FaultRate { get; init; } = 0.5;

    /// <summary>Whether others claim partitions.</summary>
    public bool HasRivals { get; init; } = true;

    public List<(int Partition, long BaseOffset, long Epoch, int Checksum)> Stored { get; } = [];

    public int Sent { get; private set; }

    public PartitionHead Head(int partition) => _heads[partition];

    /// <summary>A partition goes to another owner.</summary>
    public void Claim(int partition, string newOwner) => _heads[partition] = _heads[partition] with { Epoch = _heads[partition].Epoch + 1, Owner = newOwner };

    /// <summary>What is still on its way arrives.</summary>
    public void Settle()
    {
        var late = _onTheirWay.ToArray();
        _onTheirWay.Clear();
        Array.ForEach(late, arrive => arrive());
    }

    public ValueTask<Outcome<AppendAnswer>> AppendAsync(BatchGroup group, long[] epochs)
    {
        Sent++;
        var sentEpochs = epochs.ToArray();
        return Try(() => new AppendAnswer(TryStore(group, sentEpochs), 1, "standby"));
    }

    public ValueTask<Outcome<PartitionHead[]>> RaiseAsync(short[] raised, string by) => Try(() =>
    {
        foreach (var partition in raised.Where(partition => _heads[partition].Owner == by))
        {
            Claim(partition, by);
        }

        return Heads(raised);
    });

    public ValueTask<Outcome<PartitionHead[]>> ReadAsync(short[] read) => Try(() => Heads(read));

    public ValueTask<Outcome<bool>> HasBatchAsync(short partition, long baseOffset, long epoch, int checksum)
        => Try(() => Stored.Contains((partition, baseOffset, epoch, checksum)));

    private PartitionHead[] Heads(short[] wanted) => [.. wanted.Select(partition => _heads[partition])];

    private bool TryStore(BatchGroup group, long[] epochs)
    {
        for (var i = 0; i < group.Count; i++)
        {
            var head = _heads[group.Partitions[i]];
            if (head.Epoch != epochs[i] || head.NextOffset != group.BaseOffsets[i])
            {
                return false;
            }
        }

        for (var i = 0; i < group.Count; i++)
        {
            var partition = group.Partitions[i];
            Stored.Add((partition, group.BaseOffsets[i], epochs[i], group.Checksums[i]));
            _heads[partition] = _heads[partition] with { NextOffset = group.NextOffset(i) };
        }

        return true;
    }

    private ValueTask<Outcome<T>> Try<T>(Func<T> statement)
    {
        if (HasRivals && _random.NextDouble() < FaultRate / 4)
        {
            Claim(_random.Next(partitions), "rival");
        }

        if (_random.NextDouble() < 0.3)
        {
            Settle();
        }

        if (_random.NextDouble() >= FaultRate)
        {
            return ValueTask.FromResult(new Outcome<T>(OutcomeKind.Done, statement()));
        }

        switch (_random.Next(4))
        {
            case 0:
                return ValueTask.FromResult(new Outcome<T>(OutcomeKind.Retry));
            case 1:
                return ValueTask.FromResult(new Outcome<T>(OutcomeKind.NotSent));
            case 2:
                _onTheirWay.Add(() => statement());
                return ValueTask.FromResult(new Outcome<T>(OutcomeKind.Unknown));
            default:
                statement();
                return ValueTask.FromResult(new Outcome<T>(OutcomeKind.Unknown));
        }
    }
}
