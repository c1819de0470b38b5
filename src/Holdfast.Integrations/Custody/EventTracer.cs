using System.Text;
using Holdfast.Broker.Custody;
using Holdfast.Broker.Events;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Reports;
using Holdfast.Log.Attempts;
using Holdfast.Log.Batches;
using Holdfast.Log.Records;

namespace Holdfast.Integrations.Custody;

/// <summary>Finds the way of one event.</summary>
internal sealed class EventTracer(IntegrationEnvironment environment, Consumers consumers, ISessionPositions sessions, IClusterReporter reporter)
{
    /// <summary>Most attempts of an integration that are told one by one, the last ones.</summary>
    private const int MaximumAttempts = 100;

    /// <summary>Most sessions that are told.</summary>
    private const int MaximumSessions = 1_000;

    public async ValueTask<EventTrace?> TraceAsync(string product, string eventId, CancellationToken cancellationToken)
    {
        var log = environment.Log;
        if (!EventId.TryParse(eventId, log.Incarnations, out var partition, out var offset)
            || partition >= log.PartitionCount || offset < log.FirstOffset(partition) || offset >= environment.Feed.AnnouncedOffset(partition))
        {
            return null;
        }

        var known = await consumers.OfAsync(product, cancellationToken).ConfigureAwait(false);
        var chunks = await AttemptsAsync(partition, offset, cancellationToken).ConfigureAwait(false);
        var report = await reporter.ReportAsync(cancellationToken).ConfigureAwait(false);
        using var read = await log.ReadAsync(partition, offset, null, 1, cancellationToken).ConfigureAwait(false);
        return read.Batches.FirstOrDefault(batch => batch.BaseOffset <= offset && offset < batch.NextOffset) is { } batch
            ? Trace(product, eventId, batch, offset, known, AttemptsOf(product, chunks, offset), report)
            : null;
    }

    private static Dictionary<string, List<(Attempt Attempt, string? Replay)>> AttemptsOf(string product, IReadOnlyList<AttemptChunk> chunks, long offset)
    {
        var byIntegration = new Dictionary<string, List<(Attempt Attempt, string? Replay)>>(StringComparer.Ordinal);
        foreach (var chunk in chunks.Where(chunk => chunk.Source.Product == product))
        {
            var replay = chunk.Source.ReplayOf.Length > 0 ? chunk.Source.Name : null;
            var name = replay is null ? chunk.Source.Name : chunk.Source.ReplayOf;
            AttemptChunkReader.Read(chunk, (in Attempt attempt, long from, long to) =>
            {
                if (offset >= from && offset < to)
                {
                    byIntegration.TryAdd(name, []);
                    byIntegration[name].Add((attempt, replay));
                }
            });
        }

        return byIntegration;
    }

    private static CommittedFact CommittedOf(RecordBatch batch, long offset, long receivedAt, ClusterReport report) => new(
        DateTimeOffset.FromUnixTimeMilliseconds(receivedAt), batch.Partition, offset, batch.Epoch,
        report.Kind == "machine" ? "segment files" : "PostgreSQL", report.Durability.Meaning);

    private static DeliveryFact DeliveryOf(
        string name, Consumer? consumer, List<(Attempt Attempt, string? Replay)> attempts, int partition, long offset, long receivedAt)
    {
        var outcome = attempts.Aggregate(EventOutcome.None, (folded, one) => folded.With(one.Attempt));
        var told = attempts.OrderBy(one => one.Attempt.StartedAtMilliseconds).TakeLast(MaximumAttempts).Select(one => new AttemptFact(
            DateTimeOffset.FromUnixTimeMilliseconds(one.Attempt.StartedAtMilliseconds), one.Attempt.DurationMicroseconds / 1000.0,
            Verdict.Text(one.Attempt.Kind), one.Attempt.Status, one.Attempt.Error, one.Replay));
        return new DeliveryFact(
            name, consumer?.Kind, Verdict.Of(outcome, consumer?.Cursor[partition] > offset, consumer is null), Verdict.At(outcome),
            Verdict.DelaySeconds(outcome, receivedAt), consumer?.Cursor[partition], outcome.Attempts, [.. told]);
    }

    private static PublishedFact PublishedOf(in PublishRecord record, in EventFacts facts) => new(
        Encoding.UTF8.GetString(record.Publisher),
        facts.PublishedAtMilliseconds is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
        record.Stream.IsEmpty ? null : Encoding.UTF8.GetString(record.Stream),
        record.Stream.IsEmpty ? null : record.Sequence,
        record.QualityOfService,
        record.Retain,
        record.PossibleDuplicate,
        record.ExpiresAtMilliseconds == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(record.ExpiresAtMilliseconds));

    private async ValueTask<IReadOnlyList<AttemptChunk>> AttemptsAsync(int partition, long offset, CancellationToken cancellationToken)
    {
        if (environment.Attempts is not { } journal)
        {
            return [];
        }

        await journal.WriteAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return await journal.Store.ReadAsync(partition, offset >> AttemptChunk.BucketBits, offset, cancellationToken).ConfigureAwait(false);
    }

    private EventTrace? Trace(
        string product, string eventId, RecordBatch batch, long offset, IReadOnlyList<Consumer> known,
        Dictionary<string, List<(Attempt Attempt, string? Replay)>> attempts, ClusterReport report)
    {
        foreach (var view in batch)
        {
            if (view.Offset != offset || view.Kind != RecordKind.Publish)
            {
                continue;
            }

            var record = PublishRecord.Read(view);
            if (!record.Product.SequenceEqual(Encoding.UTF8.GetBytes(product)) || record.ReceivedAtMilliseconds < environment.Floors.FloorOf(product))
            {
                return null;
            }

            var deliveries = new SortedDictionary<string, DeliveryFact>(StringComparer.Ordinal);
            foreach (var consumer in known)
            {
                var made = attempts.GetValueOrDefault(consumer.Name) ?? [];
                if (made.Count > 0 || (consumer.Owes(record.ReceivedAtMilliseconds) && consumer.Scope.Includes(view, record)))
                {
                    deliveries[consumer.Name] = DeliveryOf(consumer.Name, consumer, made, view.Partition, offset, record.ReceivedAtMilliseconds);
                }
            }

            foreach (var (name, made) in attempts.Where(one => !deliveries.ContainsKey(one.Key)))
            {
                deliveries[name] = DeliveryOf(name, null, made, view.Partition, offset, record.ReceivedAtMilliseconds);
            }

            var facts = EventFacts.Of(record);
            return new EventTrace
            {
                Id = eventId,
                Product = product,
                Device = facts.Device.IsEmpty ? null : Encoding.UTF8.GetString(facts.Device),
                Topic = Encoding.UTF8.GetString(record.Topic),
                Name = Encoding.UTF8.GetString(facts.Name),
                PayloadBytes = record.Payload.Length,
                Published = PublishedOf(record, facts),
                Committed = CommittedOf(batch, offset, record.ReceivedAtMilliseconds, report),
                Deliveries = [.. deliveries.Values],
                Sessions = sessions.Of(product, record.Topic, view.Partition, offset, MaximumSessions),
            };
        }

        return null;
    }
}
