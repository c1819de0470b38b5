using System.Globalization;
using Holdfast.Broker.Custody;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Reading;
using Holdfast.Broker.Reports;
using Holdfast.Broker.Topics;
using Holdfast.Log.Attempts;
using Holdfast.Log.Partitions;

namespace Holdfast.Integrations.Custody;

/// <summary>Answers what became of events: from the log, the journal of attempts and the positions, none of which is written for it.</summary>
internal sealed class CustodyDesk(IntegrationEnvironment environment, IntegrationRunner runner, ISessionPositions sessions, IClusterReporter reporter) : ICustody
{
    private static readonly TopicFilter Everything = TopicFilter.TryParse("#", out var filter, out var problem) ? filter : throw new InvalidOperationException(problem);

    private readonly Consumers _consumers = new(environment, runner);

    public ValueTask<EventTrace?> TraceAsync(string product, string eventId, CancellationToken cancellationToken)
        => new EventTracer(environment, _consumers, sessions, reporter).TraceAsync(product, eventId, cancellationToken);

    public async ValueTask<CustodyReport> ReportAsync(CustodyQuery query, CancellationToken cancellationToken)
    {
        var log = environment.Log;
        query = query with { To = query.To ?? environment.TimeProvider.GetUtcNow().AddMilliseconds(1) };
        var floor = environment.Floors.FloorOf(query.Product);
        var scope = new EventScope(query.Product, Everything, log.PartitionCount, query.Device)
        {
            FromMilliseconds = Math.Max(query.From?.ToUnixTimeMilliseconds() ?? long.MinValue, floor),
            ToMilliseconds = query.To.Value.ToUnixTimeMilliseconds(),
        };
        var scan = new CustodyScan(environment, query, scope, await _consumers.OfAsync(query.Product, cancellationToken).ConfigureAwait(false));
        if (environment.Attempts is { } journal)
        {
            await journal.WriteAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        if (query.After is { } after && EventId.TryParse(after, log.Incarnations, out var afterPartition, out var afterOffset))
        {
            scan.ListAfter(afterPartition, afterOffset);
        }

        DateTimeOffset? keptSince = null;
        for (var partition = 0; partition < log.PartitionCount; partition++)
        {
            if (scope.Includes(partition))
            {
                keptSince = Later(keptSince, await KeptSinceAsync(partition, query.From, floor, cancellationToken).ConfigureAwait(false));
                await scan.RunAsync(partition, RangeOf(partition, scope), cancellationToken).ConfigureAwait(false);
            }
        }

        await FillAsync(scan, cancellationToken).ConfigureAwait(false);
        await CountLossesAsync(scan, scope, query, cancellationToken).ConfigureAwait(false);
        return ReportOf(query, scan, keptSince);
    }

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;

    private static CustodyReport ReportOf(CustodyQuery query, CustodyScan scan, DateTimeOffset? keptSince)
    {
        var missing = scan.Streams.Missing;
        var events = new AcceptedCount(
            scan.Accepted - scan.Repeated + missing, scan.Accepted, missing, scan.PossibleDuplicates, scan.Unreadable, scan.Streams.Count, keptSince);
        IntegrationCount[] integrations = [.. scan.Tallies.Select(one => one.Value.ToCount())];
        return new CustodyReport
        {
            Product = query.Product,
            Device = query.Device,
            From = query.From,
            To = query.To!.Value,
            LateAfterSeconds = query.LateAfter.TotalSeconds,
            Summary = SummaryOf(events, integrations),
            Events = events,
            Integrations = integrations,
            Gaps = scan.Streams.Gaps(),
            Items = scan.Items,
            Next = scan.Next,
        };
    }

    private static string SummaryOf(AcceptedCount events, IntegrationCount[] integrations)
    {
        var lost = events.Unreadable + integrations.Sum(one => one.Lost + one.RecordsLost);
        var late = integrations.Sum(one => one.Late);
        var waiting = integrations.Sum(one => one.Waiting);
        var dead = integrations.Sum(one => one.DeadLetters);
        var expired = integrations.Sum(one => one.Expired);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{lost} lost, {late} late, {waiting} waiting, {dead} dead letters, {expired} expired; {events.Accepted} of {events.Published} published events were accepted, {events.Missing} never arrived");
        return events.KeptSince is { } since
            ? string.Create(CultureInfo.InvariantCulture, $"{text}; what was received before {since:yyyy-MM-ddTHH:mm:ss.fffZ} is no longer kept")
            : text;
    }

    private OffsetRange RangeOf(int partition, EventScope scope)
    {
        var range = environment.Log.FindReceived(partition, scope.FromMilliseconds, scope.ToMilliseconds);
        return new OffsetRange(
            Math.Max(range.From, environment.Log.FirstOffset(partition)), Math.Min(range.To, environment.Feed.AnnouncedOffset(partition)));
    }

    /// <summary>When retention has removed events of the time that is asked for: when the oldest was received that is kept.</summary>
    private async ValueTask<DateTimeOffset?> KeptSinceAsync(int partition, DateTimeOffset? from, long floor, CancellationToken cancellationToken)
    {
        var first = environment.Log.FirstOffset(partition);
        if (first == 0 && floor == long.MinValue)
        {
            return null;
        }

        using var read = await environment.Log.ReadAsync(partition, first, null, 1, cancellationToken).ConfigureAwait(false);
        foreach (var batch in read.Batches)
        {
            foreach (var view in batch)
            {
                if (first == 0 && view.ReceivedAtMilliseconds >= floor)
                {
                    return null;
                }

                var oldest = DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(view.ReceivedAtMilliseconds, floor));
                return from is null || oldest > from ? oldest : null;
            }
        }

        return null;
    }

    /// <summary>A sequence that arrived before the time, or was sent again after it, is not missing.</summary>
    private async ValueTask FillAsync(CustodyScan scan, CancellationToken cancellationToken)
    {
        var log = environment.Log;
        foreach (var keys in scan.Streams.KeysWithGaps.GroupBy(key => Partitioning.PartitionOf(key, log.PartitionCount)))
        {
            var range = new OffsetRange(log.FirstOffset(keys.Key), environment.Feed.AnnouncedOffset(keys.Key));
            await scan.FillAsync(keys.Key, range, keys.ToHashSet(), cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask CountLossesAsync(CustodyScan scan, EventScope scope, CustodyQuery query, CancellationToken cancellationToken)
    {
        if (environment.Attempts is not { } journal)
        {
            return;
        }

        var since = query.From?.ToUnixTimeMilliseconds() ?? 0;
        foreach (var chunk in await journal.Store.ReadLossesAsync(since, cancellationToken).ConfigureAwait(false))
        {
            if (chunk.Source.Product != query.Product || !scope.Includes(chunk.Partition))
            {
                continue;
            }

            var tally = scan.TallyOf(chunk.Source.ReplayOf.Length > 0 ? chunk.Source.ReplayOf : chunk.Source.Name);
            AttemptChunkReader.Read(chunk, (in Attempt attempt, long from, long to) =>
            {
                if (attempt.Kind.IsLoss() && attempt.StartedAtMilliseconds >= since)
                {
                    tally.RecordsLost += to - from;
                    tally.TrimmedUnread += attempt.Kind == AttemptKind.Trimmed ? to - from : 0;
                }
            });
        }
    }
}
