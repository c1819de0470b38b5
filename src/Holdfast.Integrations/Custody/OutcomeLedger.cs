using System.Runtime.InteropServices;
using Holdfast.Log.Attempts;

namespace Holdfast.Integrations.Custody;

/// <summary>What became of an event at an integration, folded from its attempts.</summary>
/// <param name="Final">How it ended; null while it has not.</param>
/// <param name="AtMilliseconds">When it ended, in Unix milliseconds.</param>
/// <param name="Attempts">How often it was attempted.</param>
/// <param name="LastError">Why the last failed attempt failed; empty when none did.</param>
internal readonly record struct EventOutcome(AttemptKind? Final, long AtMilliseconds, int Attempts, string LastError)
{
    public static EventOutcome None { get; } = new(null, 0, 0, "");

    /// <summary>Takes in one more attempt. A delivery is never undone, and the first one counts.</summary>
    public EventOutcome With(in Attempt attempt)
    {
        var isAttempt = attempt.Kind is AttemptKind.Delivered or AttemptKind.Failed or AttemptKind.Refused or AttemptKind.DeadLettered;
        var next = this with
        {
            Attempts = Attempts + (isAttempt ? 1 : 0),
            LastError = attempt.Error.Length > 0 ? attempt.Error : LastError,
        };
        if (!attempt.Kind.IsFinal() || (Final == AttemptKind.Delivered && (attempt.Kind != AttemptKind.Delivered || attempt.EndedAtMilliseconds >= AtMilliseconds)))
        {
            return next;
        }

        return next with { Final = attempt.Kind, AtMilliseconds = attempt.EndedAtMilliseconds };
    }
}

/// <summary>The outcomes of one product's events in a stretch of a partition, by integration and offset. It holds the buckets of one batch at a time.</summary>
internal sealed class OutcomeLedger(AttemptJournal? journal, string product)
{
    private readonly Dictionary<string, Dictionary<long, EventOutcome>> _outcomes = new(StringComparer.Ordinal);
    private int _partition = -1;
    private long _from;
    private long _to;

    /// <summary>The integrations that have done anything about them.</summary>
    public IEnumerable<string> Integrations => _outcomes.Keys;

    /// <summary>Loads the buckets that a range of offsets lies in.</summary>
    public async ValueTask LoadAsync(int partition, long fromOffset, long toOffset, CancellationToken cancellationToken)
    {
        if (journal is null)
        {
            return;
        }

        var from = fromOffset >> AttemptChunk.BucketBits;
        var to = ((toOffset - 1) >> AttemptChunk.BucketBits) + 1;
        if (partition != _partition || from < _from || from >= _to)
        {
            _outcomes.Clear();
            (_partition, _from, _to) = (partition, from, from);
        }
        else if (to > _to)
        {
            Forget(from << AttemptChunk.BucketBits);
        }

        for (; _to < to; _to++)
        {
            foreach (var chunk in await journal.Store.ReadAsync(partition, _to, null, cancellationToken).ConfigureAwait(false))
            {
                Add(chunk);
            }
        }
    }

    /// <summary>What became of an event.</summary>
    public EventOutcome Find(string integration, long offset)
        => _outcomes.TryGetValue(integration, out var known) && known.TryGetValue(offset, out var outcome) ? outcome : EventOutcome.None;

    private void Forget(long beforeOffset)
    {
        foreach (var known in _outcomes.Values)
        {
            foreach (var offset in known.Keys.Where(offset => offset < beforeOffset).ToList())
            {
                known.Remove(offset);
            }
        }

        _from = beforeOffset >> AttemptChunk.BucketBits;
    }

    private void Add(AttemptChunk chunk)
    {
        if (chunk.Source.Product != product)
        {
            return;
        }

        var integration = chunk.Source.ReplayOf.Length > 0 ? chunk.Source.ReplayOf : chunk.Source.Name;
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_outcomes, integration, out _);
        var outcomes = known ??= [];
        AttemptChunkReader.Read(chunk, (in Attempt attempt, long from, long to) =>
        {
            for (var offset = from; offset < to; offset++)
            {
                ref var outcome = ref CollectionsMarshal.GetValueRefOrAddDefault(outcomes, offset, out var isKnown);
                outcome = (isKnown ? outcome : EventOutcome.None).With(attempt);
            }
        });
    }
}
