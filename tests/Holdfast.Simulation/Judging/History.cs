using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Segments.Format;
using Holdfast.Simulation.Nodes;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Judging;

/// <summary>An acknowledgement.</summary>
internal readonly record struct Acknowledgement(RecordName Name, bool HasStream, int Partition, long Offset);

/// <summary>A batch that a node's subscribers were given.</summary>
internal readonly record struct DeliveredBatch(long BaseOffset, int Count, int Checksum);

/// <summary>What the outside world has seen of a schedule. It only writes down; <see cref="Judge"/> judges.</summary>
internal sealed class History(SimulatedWorld world)
{
    private readonly List<string> _notes = [];
    private int _counter;

    public List<string> Failures { get; } = [];

    /// <summary>What happened, with its times, for whoever reads about a failure.</summary>
    public IReadOnlyList<string> Notes => _notes;

    public List<Acknowledgement> Acknowledgements { get; } = [];

    /// <summary>Records that a node took and has not answered yet.</summary>
    public HashSet<RecordName> Open { get; } = [];

    /// <summary>Messages of which a device was told that they are not stored.</summary>
    public HashSet<(int Device, int Sequence)> Refused { get; } = [];

    public Dictionary<(Life Life, int Partition), (long Begin, List<DeliveredBatch> Batches)> Deliveries { get; } = [];

    /// <summary>Nodes that were fenced, with the ends beyond which nothing of them may follow.</summary>
    public List<(Life Gone, long[] Ends)> Fences { get; } = [];

    public int NextCounter() => ++_counter;

    public void Note(string text) => _notes.Add($"{TimeSpan.FromTicks(world.Agenda.Now).TotalMilliseconds,9:F1} ms  {text}");

    public void Fail(string text)
    {
        Note($"FAILURE: {text}");
        Failures.Add(text);
    }

    public void Accepted(RecordName name) => Open.Add(name);

    public void Answered(RecordName name, bool hasStream, int partition, long offset, AppendStatus status)
    {
        if (!Open.Remove(name))
        {
            Fail($"{name} was answered twice, or before it was taken.");
        }

        if (status == AppendStatus.Appended)
        {
            Acknowledgements.Add(new Acknowledgement(name, hasStream, partition, offset));
            RequireDurable(partition, offset + 1, $"{name} was acknowledged at offset {offset}");
        }
        else
        {
            Refused.Add((name.Device, name.Sequence));
        }
    }

    public void Begins(Life life, long[] cursor)
    {
        Note($"{life.Id} serves clients from {string.Join(' ', cursor)}");
        for (var partition = 0; partition < cursor.Length; partition++)
        {
            Deliveries.Add((life, partition), (cursor[partition], []));
            RequireDurable(partition, cursor[partition], $"{life.Id} begins");
        }
    }

    public void Delivered(Life life, RecordBatch batch)
    {
        Deliveries[(life, batch.Partition)].Batches.Add(new DeliveredBatch(batch.BaseOffset, batch.Count, (int)Crc32C.Of(batch.Body.Span)));
        RequireDurable(batch.Partition, batch.NextOffset, $"{life.Id} has delivered");
    }

    public void Fenced(Life gone, long[] ends)
    {
        Note($"{gone.Id} is fenced, ends {string.Join(' ', ends)}");
        Fences.Add((gone, ends));
    }

    /// <summary>Everything before an offset must be on the standby.</summary>
    private void RequireDurable(int partition, long end, string what)
    {
        var batches = world.Store.Tables.Batches(partition);
        var index = batches.Count - 1;
        while (index >= 0 && batches[index].BaseOffset >= end)
        {
            index--;
        }

        if (end > 0 && (index < 0 || batches[index].NextOffset < end || batches[index].Write > world.Store.Replicated))
        {
            Fail($"{what}, but partition {partition} is not committed up to {end}.");
        }
    }
}
