using Holdfast.Log.Postgres.Connections;

namespace Holdfast.Log.Postgres.Appending;

/// <summary>Tells which standbys the server names, as each append learns it.</summary>
internal sealed class ObservedFence(IFenceDatabase database, Action<string> onNames) : IFenceDatabase
{
    public async ValueTask<Outcome<AppendAnswer>> AppendAsync(BatchGroup group, long[] epochs)
    {
        var answer = await database.AppendAsync(group, epochs).ConfigureAwait(false);
        if (answer.Kind == OutcomeKind.Done)
        {
            onNames(answer.Value!.SynchronousStandbyNames);
        }

        return answer;
    }

    public ValueTask<Outcome<PartitionHead[]>> RaiseAsync(short[] partitions, string owner) => database.RaiseAsync(partitions, owner);

    public ValueTask<Outcome<PartitionHead[]>> ReadAsync(short[] partitions) => database.ReadAsync(partitions);

    public ValueTask<Outcome<bool>> HasBatchAsync(short partition, long baseOffset, long epoch, int checksum)
        => database.HasBatchAsync(partition, baseOffset, epoch, checksum);
}
