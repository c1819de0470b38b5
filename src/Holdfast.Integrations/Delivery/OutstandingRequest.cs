using System.Buffers.Text;
using System.IO.Hashing;
using System.Text;

namespace Holdfast.Integrations.Delivery;

/// <summary>Events that go out together, and are confirmed, repeated or refused together.</summary>
internal sealed class OutstandingRequest
{
    private readonly List<OutstandingEvent> _events;
    private string? _id;

    public OutstandingRequest(int capacity) => _events = new List<OutstandingEvent>(capacity);

    /// <summary>In the order of each key.</summary>
    public IReadOnlyList<OutstandingEvent> Events => _events;

    /// <summary>Bytes of the events' bodies.</summary>
    public long Bytes { get; private set; }

    /// <summary>Attempts that failed.</summary>
    public int Failures { get; set; }

    /// <summary>
    /// The receiver's idempotency key: the id of a single event; of several a name made of theirs, which is the same for each attempt.
    /// </summary>
    public string Id => _id ??= _events.Count == 1 ? _events[0].Id : NameOf(_events);

    /// <summary>When the oldest of the events was received, in Unix milliseconds.</summary>
    public long OldestReceivedAtMilliseconds => _events.Min(one => one.ReceivedAtMilliseconds);

    public void Add(OutstandingEvent added)
    {
        added.Request = this;
        _events.Add(added);
        Bytes += added.Body.Bytes.Length;
    }

    /// <summary>Takes out what no longer needs to be sent.</summary>
    public void Remove(OutstandingEvent removed)
    {
        _events.Remove(removed);
        Bytes -= removed.Body.Bytes.Length;
        _id = null;
    }

    private static string NameOf(List<OutstandingEvent> events)
    {
        var hash = new XxHash128();
        foreach (var one in events)
        {
            hash.Append(Encoding.UTF8.GetBytes(one.Id));
            hash.Append(" "u8);
        }

        return "batch-" + Base64Url.EncodeToString(hash.GetCurrentHash());
    }
}
