using System.Buffers;
using Holdfast.Log.Attempts;

namespace Holdfast.Integrations.Delivery;

/// <summary>Notes in the journal of attempts what becomes of one integration's events, whatever kind it is of.</summary>
/// <param name="journal">The journal; null to note nothing.</param>
/// <param name="source">The integration.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class AttemptRecorder(AttemptJournal? journal, AttemptSource source, TimeProvider timeProvider)
{
    /// <summary>Whether attempts may begin: the journal keeps up.</summary>
    public bool HasRoom => journal is null || journal.HasRoom;

    /// <summary>Asks to be told when there is room.</summary>
    public void WhenRoom(Action onRoom) => journal?.WhenRoom(onRoom);

    /// <summary>An attempt is over.</summary>
    public void Attempted(OutstandingRequest request, AttemptOutcome outcome, DateTimeOffset startedAt, TimeSpan duration)
    {
        if (journal is null)
        {
            return;
        }

        var attempt = new Attempt(
            KindOf(outcome.Result, request.Events.Count), startedAt.ToUnixTimeMilliseconds(), (long)duration.TotalMicroseconds, outcome.StatusCode, outcome.Error);
        var places = ArrayPool<long>.Shared.Rent(request.Events.Count);
        for (var i = 0; i < request.Events.Count; i++)
        {
            places[i] = AttemptJournal.PlaceOf(request.Events[i].Partition, request.Events[i].Offset);
        }

        journal.Note(source, attempt, places.AsSpan(0, request.Events.Count));
        ArrayPool<long>.Shared.Return(places);
    }

    /// <summary>An event has expired.</summary>
    public void Expired(OutstandingEvent one)
        => journal?.Note(source, Now(AttemptKind.Expired), [AttemptJournal.PlaceOf(one.Partition, one.Offset)]);

    /// <summary>A range can no longer be delivered.</summary>
    public void Lost(AttemptKind kind, int partition, long fromOffset, long toOffset)
        => journal?.NoteRange(source, Now(kind), partition, fromOffset, toOffset);

    /// <summary>Single events can no longer be delivered.</summary>
    public void Lost(AttemptKind kind, ReadOnlySpan<long> places) => journal?.Note(source, Now(kind), places);

    private static AttemptKind KindOf(AttemptResult result, int events) => result switch
    {
        AttemptResult.Delivered => AttemptKind.Delivered,
        AttemptResult.DeadLettered => AttemptKind.DeadLettered,
        AttemptResult.Refused when events > 1 => AttemptKind.Refused,
        _ => AttemptKind.Failed,
    };

    private Attempt Now(AttemptKind kind) => new(kind, timeProvider.GetUtcNow().ToUnixTimeMilliseconds(), 0, 0, "");
}
