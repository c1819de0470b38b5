using Holdfast.Log.Records;
using Holdfast.Log.Segments.Format;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Judging;

/// <summary>Compares what the outside world has seen with what lies in the log in the end. Knows nothing of how it came about.</summary>
internal sealed class Judge(SimulatedWorld world)
{
    private readonly History _history = world.History;
    private readonly List<(RecordName Name, long Offset)>[] _stored = new List<(RecordName, long)>[SimulatedWorld.PartitionCount];

    public void Run()
    {
        for (var partition = 0; partition < _stored.Length; partition++)
        {
            ReadLog(partition);
            CheckOwners(partition);
            CheckRecords(partition);
            CheckFences(partition);
        }

        CheckAcknowledgements();
        CheckDeliveries();
    }

    private void Require(bool condition, string otherwise)
    {
        if (!condition && _history.Failures.Count < 10)
        {
            _history.Fail(otherwise);
        }
    }

    private void ReadLog(int partition)
    {
        _stored[partition] = [];
        var next = 0L;
        foreach (var stored in world.Store.Tables.Batches(partition))
        {
            Require(stored.BaseOffset == next, $"Partition {partition}: a batch begins at {stored.BaseOffset}, {next} is expected.");
            next = stored.NextOffset;
            var batch = stored.ToBatch();
            foreach (var view in batch)
            {
                if (view.Kind == RecordKind.Publish)
                {
                    _stored[partition].Add((RecordName.Read(PublishRecord.Read(view).Payload), view.Offset));
                }
            }

            batch.Release();
        }
    }

    /// <summary>Each epoch has one owner, and who raised it has fenced everybody before.</summary>
    private void CheckOwners(int partition)
    {
        var batches = world.Store.Tables.Batches(partition);
        foreach (var epoch in batches.GroupBy(batch => batch.Epoch).Where(epoch => epoch.DistinctBy(batch => batch.By).Count() > 1))
        {
            Require(false, $"Partition {partition}: {string.Join(" and ", epoch.Select(batch => batch.By).Distinct())} have committed under epoch {epoch.Key}.");
        }

        foreach (var raised in world.Store.Tables.Raised.Where(raised => raised.Partition == partition))
        {
            var late = batches.FirstOrDefault(batch => batch.BaseOffset >= raised.NextOffset && batch.Epoch < raised.Epoch);
            Require(late is null, $"Partition {partition}: {late?.By} has committed {late?.BaseOffset} under {late?.Epoch} after {raised.Owner} had raised the epoch to {raised.Epoch}.");
        }
    }

    /// <summary>Nothing is stored twice, and of each node and each stream everything in its order; only what a device was told is not stored may come after what followed it.</summary>
    private void CheckRecords(int partition)
    {
        var lastOfLife = new Dictionary<int, int>();
        var lastOfStream = new Dictionary<int, int>();
        var ofStreams = new HashSet<(int, int)>();
        foreach (var (name, offset) in _stored[partition])
        {
            Require(lastOfLife.GetValueOrDefault(name.Life) < name.Counter, $"Partition {partition}: {name} at {offset} is stored twice, or out of the order of its node.");
            lastOfLife[name.Life] = name.Counter;
            if (!world.Devices[name.Device].HasStream)
            {
                continue;
            }

            Require(ofStreams.Add((name.Device, name.Sequence)), $"Partition {partition}: {name} at {offset} is stored twice.");
            if (!_history.Refused.Contains((name.Device, name.Sequence)))
            {
                Require(lastOfStream.GetValueOrDefault(name.Device) < name.Sequence, $"Partition {partition}: {name} at {offset} follows {lastOfStream.GetValueOrDefault(name.Device)} of its stream.");
                lastOfStream[name.Device] = name.Sequence;
            }
        }
    }

    private void CheckFences(int partition)
    {
        foreach (var (gone, ends) in _history.Fences)
        {
            var late = _stored[partition].FirstOrDefault(stored => stored.Name.Life == gone.Index && stored.Offset >= ends[partition]);
            Require(late == default, $"Partition {partition}: {late.Name} at {late.Offset} was stored after {gone.Name} was fenced at {ends[partition]}.");
        }
    }

    /// <summary>Every acknowledged record is in the log exactly once, where its publisher was told.</summary>
    private void CheckAcknowledgements()
    {
        var places = Enumerable.Range(0, _stored.Length).SelectMany(partition => _stored[partition].Select(stored => (stored.Name, partition, stored.Offset))).ToList();
        var byName = places.GroupBy(place => place.Name).ToDictionary(group => group.Key, group => group.ToList());
        var byStream = places.Where(place => world.Devices[place.Name.Device].HasStream)
            .GroupBy(place => (place.Name.Device, place.Name.Sequence)).ToDictionary(group => group.Key, group => group.ToList());
        foreach (var (name, hasStream, partition, offset) in _history.Acknowledgements)
        {
            var found = hasStream ? byStream.GetValueOrDefault((name.Device, name.Sequence)) : byName.GetValueOrDefault(name);
            Require(found?.Count == 1, $"{name} was acknowledged and is stored {found?.Count ?? 0} times.");
            Require(offset < 0 || (found is [var (stored, where, at)] && (stored, where, at) == (name, partition, offset)), $"{name} was acknowledged at {partition}/{offset} and is not there.");
        }
    }

    /// <summary>What the subscribers of each node were given is the log, without a gap, from where they began.</summary>
    private void CheckDeliveries()
    {
        var checksums = world.Store.Tables;
        foreach (var ((life, partition), (begin, delivered)) in _history.Deliveries)
        {
            var batches = checksums.Batches(partition);
            var next = begin;
            var index = 0;
            foreach (var one in delivered)
            {
                while (index < batches.Count && batches[index].BaseOffset < one.BaseOffset)
                {
                    index++;
                }

                Require(one.BaseOffset == next, $"{life.Name} has delivered {partition}/{one.BaseOffset} where {next} was next.");
                Require(
                    index < batches.Count && batches[index].BaseOffset == one.BaseOffset && (int)Crc32C.Of(batches[index].Body) == one.Checksum,
                    $"{life.Name} has delivered {partition}/{one.BaseOffset}, and the log holds something else.");
                next = one.BaseOffset + one.Count;
            }
        }
    }
}
