namespace Holdfast.Log.Postgres;

/// <summary>The database holds less of a partition than was committed: a fail-over to a standby that did not have everything, as asynchronous replication allows.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Announced">Up to where it was committed, as this process was told.</param>
/// <param name="Found">Up to where the database has it now.</param>
public sealed record LostEnd(int Partition, long Announced, long Found)
{
    /// <inheritdoc/>
    public override string ToString()
        => $"The database has lost acknowledged events: partition {Partition} was committed up to {Announced}, and after a fail-over it ends at {Found}. Asynchronous replication allows that; a synchronous standby does not.";
}
