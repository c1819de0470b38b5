using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Reading;
using Holdfast.Broker.Retention;
using Holdfast.Log.Partitions;

namespace Holdfast.Api.Events.Reading;

/// <summary>Opens readers of the log for queries.</summary>
internal sealed class EventSource(IPartitionLog log, ICommitFeed feed, ILogInterest interest, IRetentionFloors floors)
{
    /// <summary>How much of a partition is read at a time, in bytes: enough that opening a file does not count.</summary>
    private const int ReadBytes = 256 * 1024;

    public Incarnations Incarnations => log.Incarnations;

    /// <summary>While it is not disposed, QoS 0 messages that a query wants are logged too.</summary>
    public IDisposable Await(EventQuery query) => interest.Add(query.Product, query.InterestFilter);

    /// <summary>Opens a reader for a page, which begins with the oldest event.</summary>
    public Parsed<EventReader> OpenPage(EventQuery query) => Open(query, log.FirstOffset);

    /// <summary>Opens a reader for a stream, which begins with the next event.</summary>
    public Parsed<EventReader> OpenStream(EventQuery query) => Open(query, feed.AnnouncedOffset);

    private Parsed<EventReader> Open(EventQuery query, Func<int, long> startOf)
    {
        var (from, floor) = (query.FromMilliseconds ?? long.MinValue, floors.FloorOf(query.Product));
        var scope = new EventScope(query.Product, query.Filter, log.PartitionCount, query.Device)
        {
            // Whoever has read on from a cursor is told what was trimmed since; whoever begins sees what is kept.
            FromMilliseconds = query.After is null ? Math.Max(from, floor) : from,
            ToMilliseconds = query.ToMilliseconds ?? long.MaxValue,
        };
        return FindStart(query, scope, startOf).IsValid(out var cursor, out var problem)
            ? new EventReader(log, feed, scope, cursor, ReadBytes) { Floor = () => floors.FloorOf(query.Product) }
            : problem;
    }

    private Parsed<EventCursor> FindStart(EventQuery query, EventScope scope, Func<int, long> startOf)
    {
        long FirstReceived(int partition)
            => Math.Min(log.FindReceived(partition, scope.FromMilliseconds, long.MaxValue).From, feed.AnnouncedOffset(partition));

        if (query.After is not { } text)
        {
            return EventCursor.Create(log, scope, query.FromMilliseconds is null ? startOf : FirstReceived);
        }

        var status = EventCursor.TryParse(text, log, out var after);
        if (status == EventCursorStatus.OtherIncarnation)
        {
            return Problem.CursorGone(query.AfterSource);
        }

        if (after is null)
        {
            return Problem.Invalid(query.AfterSource, "This is no cursor. Give one exactly as it was received, or none.");
        }

        for (var partition = 0; partition < log.PartitionCount; partition++)
        {
            if (scope.Includes(partition) && !after.Holds(partition))
            {
                return Problem.Invalid(
                    query.AfterSource, "The cursor was made for a narrower filter or device, so it does not say where to go on with this one. Use it with the same query.");
            }

            if (scope.Includes(partition) && after.Position(partition) > feed.AnnouncedOffset(partition))
            {
                return Problem.Invalid(query.AfterSource, "The cursor leads behind the end of the log, so it was not made here. Give one exactly as it was received.");
            }
        }

        return EventCursor.Create(
            log, scope, query.FromMilliseconds is null ? after.Position : partition => Math.Max(after.Position(partition), FirstReceived(partition)));
    }
}
