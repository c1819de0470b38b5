namespace Holdfast.Log.Commit;

/// <summary>
/// Records of one partition that another node sends to the owner. They are stored together or not at all, followed by a record that names the request; so a
/// request that is repeated, here or to the next owner, is stored once.
/// </summary>
/// <param name="Sender">Names one life of the sending node.</param>
/// <param name="Number">Grows with each request of the sender to the partition, from 1 on. The next follows only when this one was answered.</param>
/// <param name="Records">Encoded records, one after the other.</param>
/// <param name="Count">How many.</param>
public readonly record struct ForwardedRecords(ulong Sender, long Number, ReadOnlyMemory<byte> Records, int Count);

/// <summary>Whether forwarded records were taken.</summary>
public enum ForwardAdmission
{
    /// <summary>Taken; the observer will hear of the commit.</summary>
    Accepted,

    /// <summary>They were taken before. The observer will hear when that is committed; where each record lies is not known any more.</summary>
    Repeated,

    /// <summary>The open batch has no room for all of them. Wait, then try again; nothing was taken.</summary>
    Busy,

    /// <summary>This process does not own the partition; nothing was taken.</summary>
    NotOwned,
}
