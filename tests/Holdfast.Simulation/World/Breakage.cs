namespace Holdfast.Simulation.World;

/// <summary>What is broken on purpose, to see that the simulation finds it.</summary>
public enum Breakage
{
    /// <summary>Nothing: the product as it is.</summary>
    None,

    /// <summary>The appending statement does not compare the epoch.</summary>
    EpochNotCompared,

    /// <summary>Publishers are told before the database has answered.</summary>
    AcknowledgedBeforeCommit,

    /// <summary>Who takes a partition over does not fold in which requests were received.</summary>
    ProofForgotten,

    /// <summary>Owners go on taking requests of a node that was taken for dead.</summary>
    FencedSenderAccepted,

    /// <summary>A request that is repeated gets another number.</summary>
    NewNumberWhenRepeated,

    /// <summary>An append of unknown outcome is resolved by looking, without raising the epoch.</summary>
    ResolvedByReading,

    /// <summary>Batches are delivered as they come, whatever is missing before them.</summary>
    GapsDelivered,

    /// <summary>A checkpoint is saved before what it holds is committed.</summary>
    UncommittedCheckpoint,
}
