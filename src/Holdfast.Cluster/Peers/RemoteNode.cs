namespace Holdfast.Cluster.Peers;

/// <summary>The way to another node. Whatever goes wrong on it is a <see cref="PeerUnavailableException"/>, within the time that its kind of message has.</summary>
internal sealed class RemoteNode(NodeId id, INodeService service, IPeers peers, TimeProvider clock) : INodeEndpoint
{
    /// <summary>How long an answer may take, unless its kind of message has a limit of its own.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public ValueTask<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat)
        => AskAsync(static (service, message) => service.HeartbeatAsync(message), heartbeat, AnswerLimit);

    private async ValueTask<TAnswer> AskAsync<TMessage, TAnswer>(Func<INodeService, TMessage, ValueTask<TAnswer>> send, TMessage message, TimeSpan limit)
    {
        if (peers.IsDeclaredDead(id))
        {
            throw new PeerUnavailableException(id, "it is declared dead.");
        }

        try
        {
            return await send(service, message).AsTask().WaitAsync(limit, clock).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            throw new PeerUnavailableException(id, error is TimeoutException ? $"nothing came within {limit.TotalSeconds} s." : error.Message, error);
        }
    }
}
