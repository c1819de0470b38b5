using Holdfast.Device.Receipts;

namespace Holdfast.Device.Outbox;

/// <summary>Events of a lane that the cloud has stored and that wait for more: they are kept, and not sent again. Lost with the process, which then sends them again. Not thread-safe.</summary>
internal sealed class StoredMarks
{
    private readonly Dictionary<ulong, Mark> _marks = [];

    /// <summary>How many there are.</summary>
    public int Count => _marks.Count;

    /// <summary>Whether an event is stored.</summary>
    public bool Contains(ulong sequence) => _marks.ContainsKey(sequence);

    /// <summary>Marks an event.</summary>
    public void Add(StoredEvent stored) => _marks[stored.Identity.Sequence] = new Mark(stored.Identity.Stream, stored.Receipt, stored.CreatedAtMilliseconds);

    /// <summary>How many there are up to a sequence.</summary>
    public int CountThrough(ulong sequence) => _marks.Keys.Count(marked => marked <= sequence);

    /// <summary>Forgets what is confirmed or dropped.</summary>
    public void RemoveThrough(ulong sequence)
    {
        foreach (var old in _marks.Keys.Where(marked => marked <= sequence).ToList())
        {
            _marks.Remove(old);
        }
    }

    /// <summary>Forgets one.</summary>
    public void Remove(ulong sequence) => _marks.Remove(sequence);

    /// <summary>Forgets all: they are to be sent again.</summary>
    public void Clear() => _marks.Clear();

    /// <summary>Those that are done, one way or the other.</summary>
    public List<SettledEvent> Settled(ReceiptLedger ledger)
    {
        var settled = new List<SettledEvent>();
        foreach (var (sequence, mark) in _marks)
        {
            var identity = new EventIdentity(mark.Stream, sequence);
            if (ledger.FateOf(mark.Receipt, identity, out var by) is var fate and not EventFate.Unknown)
            {
                settled.Add(new SettledEvent(sequence, fate == EventFate.Undelivered ? new UndeliveredEvent(identity, mark.Receipt, by!) : null));
            }
        }

        return settled;
    }

    /// <summary>Those that were created before a time, in milliseconds since 1970.</summary>
    public List<ulong> OlderThan(double time) => [.. _marks.Where(mark => mark.Value.CreatedAt < time).Select(mark => mark.Key)];

    private readonly record struct Mark(string Stream, string Receipt, long CreatedAt);
}

/// <summary>An event that waited for its receipt and is done.</summary>
/// <param name="Sequence">Its sequence.</param>
/// <param name="Undelivered">When it will never be delivered; else null.</param>
internal readonly record struct SettledEvent(ulong Sequence, UndeliveredEvent? Undelivered);
