using System.Text;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Batches;

/// <summary>Decides which events of the outbox go together into one publish. Pure.</summary>
internal sealed class BatchGatherer(DeviceOptions options)
{
    /// <summary>An event with a larger payload goes alone: there is little to save.</summary>
    public const int SmallPayload = 4 * 1024;

    private readonly string _prefix = $"devices/{options.DeviceId}/events/";

    /// <summary>A connection of which the cloud has said that it was ended because of a batch: this device sends no more of them until its next start.</summary>
    public bool WasRefused { get; set; }

    /// <summary>The most events that are read at once.</summary>
    /// <param name="accepts">Whether the cloud unpacks batches.</param>
    public ReadLimits Limits(bool accepts) => accepts && !WasRefused && options.MaximumBatchEvents > 1
        ? new ReadLimits(options.MaximumBatchEvents, options.MaximumBatchBytes)
        : new ReadLimits(1, 0);

    /// <summary>Splits what was read into publishes; their order is the order of the events.</summary>
    public IEnumerable<IReadOnlyList<StoredEvent>> Split(IReadOnlyList<StoredEvent> events)
    {
        List<StoredEvent> batch = [];
        foreach (var stored in events)
        {
            var goesAlone = !CanBeBatched(stored);
            if (batch.Count > 0 && (goesAlone || batch[0].Identity.Stream != stored.Identity.Stream))
            {
                yield return batch;
                batch = [];
            }

            batch.Add(stored);
            if (goesAlone)
            {
                yield return batch;
                batch = [];
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private bool CanBeBatched(StoredEvent stored)
        => stored.Payload.Length <= SmallPayload
            && stored.Topic.StartsWith(_prefix, StringComparison.Ordinal)
            && Encoding.UTF8.GetByteCount(stored.Topic.AsSpan(_prefix.Length)) <= BatchWriter.MaximumTextBytes
            && Encoding.UTF8.GetByteCount(stored.ContentType) <= BatchWriter.MaximumTextBytes;
}

/// <summary>How much is read from the outbox at once: reading ends with the event that reaches either.</summary>
/// <param name="Events">The most events.</param>
/// <param name="Bytes">Payload bytes.</param>
internal readonly record struct ReadLimits(int Events, int Bytes);
