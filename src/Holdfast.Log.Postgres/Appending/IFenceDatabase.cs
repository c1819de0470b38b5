using Holdfast.Log.Postgres.Connections;

namespace Holdfast.Log.Postgres.Appending;

/// <summary>What the database answered to an append.</summary>
/// <param name="IsStored">Whether the whole group is stored; else nothing of it is.</param>
/// <param name="Segment">The segment it lies in.</param>
/// <param name="SynchronousStandbyNames">The server's setting.</param>
internal sealed record AppendAnswer(bool IsStored, long Segment, string SynchronousStandbyNames);

/// <summary>The statements by which batches are appended and the fence is moved. Each is one autocommitted round trip.</summary>
internal interface IFenceDatabase
{
    /// <summary>Stores all batches if each partition's (next offset, epoch) is as given, else nothing.</summary>
    ValueTask<Outcome<AppendAnswer>> AppendAsync(BatchGroup group, long[] epochs);

    /// <summary>
    /// Raises the epochs of those partitions that the owner has, and writes all of the rows in any case, so that the commit of this statement confirms
    /// everything that was committed before it. Returns the heads afterwards, in the order given.
    /// </summary>
    ValueTask<Outcome<PartitionHead[]>> RaiseAsync(short[] partitions, string owner);

    /// <summary>Reads the heads, in the order given.</summary>
    ValueTask<Outcome<PartitionHead[]>> ReadAsync(short[] partitions);

    /// <summary>Whether a batch with this place, epoch and checksum is stored.</summary>
    ValueTask<Outcome<bool>> HasBatchAsync(short partition, long baseOffset, long epoch, int checksum);
}
