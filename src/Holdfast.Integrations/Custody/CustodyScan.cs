using System.Text;
using Holdfast.Broker.Custody;
using Holdfast.Broker.Events;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Reading;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Custody;

/// <summary>Reads the events of one report, batch after batch, and judges each.</summary>
internal sealed class CustodyScan(IntegrationEnvironment environment, CustodyQuery query, EventScope scope, IReadOnlyList<Consumer> consumers)
{
    /// <summary>Most events of one report; beyond it the report is refused, since a part of the truth must not look like all of it.</summary>
    public const long MaximumEvents = 10_000_000;

    private const int ReadBytes = 1024 * 1024;

    private readonly IPartitionLog _log = environment.Log;
    private readonly OutcomeLedger _ledger = new(environment.Attempts, query.Product);
    private readonly SortedDictionary<string, IntegrationTally> _tallies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Consumer> _consumers = consumers.ToDictionary(one => one.Name, StringComparer.Ordinal);
    private readonly List<CustodyItem> _items = [];
    private (int Partition, long Offset) _after = (-1, -1);
    private string? _last;

    /// <summary>The streams.</summary>
    public StreamBook Streams { get; } = new();

    /// <summary>Events.</summary>
    public long Accepted { get; private set; }

    /// <summary>Events with a sequence that another had: kept, and flagged, rather than lost.</summary>
    public long Repeated { get; private set; }

    /// <summary>Events that may be repetitions.</summary>
    public long PossibleDuplicates { get; private set; }

    /// <summary>Records that cannot be read.</summary>
    public long Unreadable { get; private set; }

    /// <summary>What was not delivered in time.</summary>
    public IReadOnlyList<CustodyItem> Items => _items;

    /// <summary>The last event of a full list; null when all is listed.</summary>
    public string? Next { get; private set; }

    /// <summary>The counts of the integrations.</summary>
    public IEnumerable<KeyValuePair<string, IntegrationTally>> Tallies => _tallies;

    /// <summary>Lists only what comes after an event.</summary>
    public void ListAfter(int partition, long offset) => _after = (partition, offset);

    /// <summary>The counts of one integration.</summary>
    public IntegrationTally TallyOf(string name)
    {
        if (!_tallies.TryGetValue(name, out var tally))
        {
            _tallies[name] = tally = new IntegrationTally(name, _consumers.GetValueOrDefault(name)?.Kind);
        }

        return tally;
    }

    /// <summary>Judges everything of a partition within a range.</summary>
    public async ValueTask RunAsync(int partition, OffsetRange range, CancellationToken cancellationToken)
    {
        for (var position = range.From; position < range.To;)
        {
            using var read = await _log.ReadAsync(partition, position, scope.Keys, ReadBytes, cancellationToken).ConfigureAwait(false);
            if (read.Gap is { Reason: LogGapReason.Damaged } gap)
            {
                Unreadable += Math.Min(gap.ToOffset, range.To) - Math.Max(gap.FromOffset, range.From);
            }

            foreach (var batch in read.Batches.Where(batch => batch.BaseOffset < range.To))
            {
                await _ledger.LoadAsync(partition, batch.BaseOffset, batch.NextOffset, cancellationToken).ConfigureAwait(false);
                Judge(batch, position, range.To);
            }

            position = Math.Max(read.NextOffset, position + 1);
        }
    }

    /// <summary>Looks for sequences that arrived outside the time.</summary>
    public async ValueTask FillAsync(int partition, OffsetRange range, IReadOnlySet<ulong> keys, CancellationToken cancellationToken)
    {
        for (var position = range.From; position < range.To;)
        {
            using var read = await _log.ReadAsync(partition, position, keys, ReadBytes, cancellationToken).ConfigureAwait(false);
            foreach (var batch in read.Batches)
            {
                Fill(batch, keys);
            }

            position = Math.Max(read.NextOffset, position + 1);
        }
    }

    /// <summary>Whether a device has published a message below its topics itself: all but what is meant for it.</summary>
    private static bool IsByDevice(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> device)
    {
        var below = topic[("devices/".Length + device.Length)..];
        return !below.StartsWith("/commands/"u8) && !below.StartsWith("/responses/"u8) && !below.SequenceEqual("/receipts"u8);
    }

    private void Fill(RecordBatch batch, IReadOnlySet<ulong> keys)
    {
        foreach (var view in batch)
        {
            if (view.Kind == RecordKind.Publish && keys.Contains(view.KeyHash)
                && PublishRecord.Read(view) is { Stream.IsEmpty: false } record && record.Product.SequenceEqual(Encoding.UTF8.GetBytes(query.Product)))
            {
                Streams.Fill(record);
            }
        }
    }

    private void Judge(RecordBatch batch, long fromOffset, long toOffset)
    {
        foreach (var view in batch)
        {
            if (view.Offset < fromOffset || view.Offset >= toOffset || view.Kind != RecordKind.Publish)
            {
                continue;
            }

            var record = PublishRecord.Read(view);
            if (scope.Includes(record) && (query.Device is null || (Partitioning.TryGetDevice(record.Topic, out var device) && IsByDevice(record.Topic, device))))
            {
                Count(record);
                Judge(view, record);
            }
        }
    }

    private void Count(in PublishRecord record)
    {
        Accepted++;
        PossibleDuplicates += record.PossibleDuplicate ? 1 : 0;
        Repeated += !record.Stream.IsEmpty && !Streams.Add(record) ? 1 : 0;
        if (Accepted > MaximumEvents)
        {
            throw new CustodyTooLargeException($"More than {MaximumEvents:N0} events were received within this time. Ask for less time, or for one device.");
        }
    }

    private void Judge(in RecordView view, in PublishRecord record)
    {
        var isListed = (view.Partition, view.Offset).CompareTo(_after) > 0;
        var before = _items.Count;
        var isFull = before >= query.Limit;
        foreach (var consumer in consumers)
        {
            var outcome = _ledger.Find(consumer.Name, view.Offset);
            if (outcome != EventOutcome.None || (consumer.Owes(record.ReceivedAtMilliseconds) && consumer.Scope.Includes(view, record)))
            {
                Judge(view, record, consumer.Name, outcome, Verdict.Of(outcome, consumer.Cursor[view.Partition] > view.Offset), isListed, isFull);
            }
        }

        foreach (var name in _ledger.Integrations)
        {
            if (!_consumers.ContainsKey(name) && _ledger.Find(name, view.Offset) is var outcome && outcome != EventOutcome.None)
            {
                Judge(view, record, name, outcome, Verdict.Of(outcome, isPassed: false, isGone: true), isListed, isFull);
            }
        }

        if (_items.Count > before)
        {
            _last = _items[^1].Event;
        }
    }

    private void Judge(
        in RecordView view, in PublishRecord record, string integration, in EventOutcome outcome, string verdict, bool isListed, bool isFull)
    {
        var delay = Verdict.DelaySeconds(outcome, record.ReceivedAtMilliseconds);
        var isLate = verdict == Outcomes.Delivered && delay > query.LateAfter.TotalSeconds;
        TallyOf(integration).Add(verdict, delay, isLate);
        if (!isListed || (!isLate && verdict is Outcomes.Delivered or Outcomes.Confirmed))
        {
            return;
        }

        if (isFull)
        {
            Next = _last;
            return;
        }

        var facts = EventFacts.Of(record);
        _items.Add(new CustodyItem(
            EventId.Format(_log.Incarnations, view.Partition, view.Offset),
            facts.Device.IsEmpty ? null : Encoding.UTF8.GetString(facts.Device),
            Encoding.UTF8.GetString(record.Topic),
            record.Stream.IsEmpty ? null : Encoding.UTF8.GetString(record.Stream),
            record.Stream.IsEmpty ? null : record.Sequence,
            facts.PublishedAtMilliseconds is { } published ? DateTimeOffset.FromUnixTimeMilliseconds(published) : null,
            DateTimeOffset.FromUnixTimeMilliseconds(record.ReceivedAtMilliseconds),
            integration,
            isLate ? Outcomes.Late : verdict,
            Verdict.At(outcome),
            delay,
            outcome.Attempts,
            outcome.LastError));
    }
}
