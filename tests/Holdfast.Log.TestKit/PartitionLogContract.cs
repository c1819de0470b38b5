namespace Holdfast.Log.TestKit;

/// <summary>What every implementation of <see cref="Partitions.IPartitionLog"/> does.</summary>
public abstract class PartitionLogContract
{
}
