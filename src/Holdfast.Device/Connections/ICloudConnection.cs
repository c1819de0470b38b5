using Holdfast.Device.Outbox;

namespace Holdfast.Device.Connections;

/// <summary>What the cloud said about a publish.</summary>
internal enum PublishOutcome
{
    /// <summary>The event is stored.</summary>
    Stored,

    /// <summary>It never will be: its topic, format or size is refused.</summary>
    Rejected,

    /// <summary>Not here, not now.</summary>
    Failed,

    /// <summary>The connection ended before an answer; <see cref="ICloudConnection.Ended"/> says why.</summary>
    Lost,
}

/// <summary>Why a connection ended, or was not accepted.</summary>
/// <param name="Reason">A sentence.</param>
/// <param name="IsSilent">Whether nothing came back in time.</param>
/// <param name="ServerReference">Another server, or null.</param>
/// <param name="Slot">How long to stay away, or null.</param>
/// <param name="IsPayloadRefused">Whether the cloud could not read a payload, which can only be a batch.</param>
internal sealed record ConnectionEnd(string Reason, bool IsSilent = false, string? ServerReference = null, TimeSpan? Slot = null, bool IsPayloadRefused = false);

/// <summary>A connection that the cloud accepted.</summary>
internal interface ICloudConnection : IAsyncDisposable
{
    /// <summary>The most publishes that may be unacknowledged.</summary>
    int ReceiveMaximum { get; }

    /// <summary>Ends when the connection does.</summary>
    Task<ConnectionEnd> Ended { get; }

    /// <summary>Whether several events may be published as one batch.</summary>
    bool AcceptsBatches { get; }

    /// <summary>Whether the cloud tells when events are delivered.</summary>
    bool GivesReceipts { get; }

    /// <summary>Publishes one event, or several of one stream as a batch; ends with the acknowledgement. Publishes leave in the order of the calls.</summary>
    Task<PublishOutcome> PublishAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken);
}

/// <summary>Makes connections.</summary>
internal interface ICloudConnector
{
    /// <summary>Connects.</summary>
    /// <exception cref="CloudConnectException">It was not accepted.</exception>
    Task<ICloudConnection> ConnectAsync(Uri endpoint, CancellationToken cancellationToken);
}

/// <summary>A connection was not accepted.</summary>
internal sealed class CloudConnectException(ConnectionEnd end) : Exception(end.Reason)
{
    public ConnectionEnd End { get; } = end;
}
