using Holdfast.Cluster.Peers;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;

namespace Holdfast.Cluster.Appending;

/// <summary>Records that a node sends to the owner of their partitions.</summary>
/// <param name="From">Who sends them.</param>
/// <param name="Batches">At most one of each partition.</param>
[GenerateSerializer, Immutable]
public sealed record AppendRequest(NodeId From, ForwardedBatch[] Batches);

/// <summary>The records of one partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Number">See <see cref="ForwardedRecords.Number"/>.</param>
/// <param name="Records">Encoded records, one after the other.</param>
/// <param name="Count">How many.</param>
[GenerateSerializer, Immutable]
public sealed record ForwardedBatch(int Partition, long Number, byte[] Records, int Count);

/// <summary>The answer to an <see cref="AppendRequest"/>.</summary>
/// <param name="Outcomes">One for each batch of the request, in its order.</param>
[GenerateSerializer, Immutable]
public sealed record AppendAnswer(ForwardedOutcome[] Outcomes);

/// <summary>What became of one batch.</summary>
/// <param name="Status">Whether it is stored.</param>
/// <param name="Offsets">The place of each record, -1 for a duplicate; null when the batch is not stored, or was stored before and its places are not known.</param>
[GenerateSerializer, Immutable]
public sealed record ForwardedOutcome(ForwardedStatus Status, long[]? Offsets)
{
    /// <summary>What the owner answers.</summary>
    /// <param name="admission">Whether the batch was taken.</param>
    /// <param name="status">What became of the group that it was taken into; means nothing when it was not taken.</param>
    /// <param name="offsets">The place of each record, known when the batch was taken for the first time.</param>
    internal static ForwardedOutcome Of(ForwardAdmission admission, AppendStatus status, long[] offsets) => (admission, status) switch
    {
        (ForwardAdmission.Accepted, AppendStatus.Appended) => new ForwardedOutcome(ForwardedStatus.Stored, offsets),
        (ForwardAdmission.Repeated, AppendStatus.Appended) => new ForwardedOutcome(ForwardedStatus.Stored, null),
        (ForwardAdmission.Accepted or ForwardAdmission.Repeated, AppendStatus.Full) => new ForwardedOutcome(ForwardedStatus.Full, null),
        _ => new ForwardedOutcome(ForwardedStatus.NotOwner, null),
    };
}

/// <summary>Whether a forwarded batch is stored.</summary>
public enum ForwardedStatus
{
    /// <summary>Committed.</summary>
    Stored,

    /// <summary>Nothing was stored: the node does not own the partition, or owns it no more. Send it to the owner.</summary>
    NotOwner,

    /// <summary>Nothing was stored: the database has no room.</summary>
    Full,

    /// <summary>Nothing was stored, and nothing will be: the sending node was taken for dead, its sessions have gone on elsewhere. It must end.</summary>
    SenderFenced,
}
