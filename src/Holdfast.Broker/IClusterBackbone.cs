using Holdfast.Broker.Delivery;
using Holdfast.Log.Commit;

namespace Holdfast.Broker;

/// <summary>How a node of a cluster has its records committed, and hears of what others have committed.</summary>
public interface IClusterBackbone
{
    /// <summary>Takes the node's records to the owners of their partitions.</summary>
    IRecordAppender Appender { get; }

    /// <summary>Commits the partitions that this node owns. It is started and ended by the backbone.</summary>
    GroupCommitter Committer { get; }

    /// <summary>Takes QoS 0 messages to the subscribers on other nodes.</summary>
    IDirectRelay Relay { get; }

    /// <summary>From now on committed batches and completions go to the sink.</summary>
    /// <param name="sink">The node's dispatcher.</param>
    void Connect(ICommitSink sink);

    /// <summary>Where a client that cannot stay may go: <c>host:port</c> of another node that serves; null when none does.</summary>
    string? OtherEntrance();

    /// <summary>The node shuts down: hands over what it owns. Its records are still taken to their owners.</summary>
    Task LetGoAsync();
}
