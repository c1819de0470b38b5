using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Connections;
using Holdfast.Cluster.Direct;
using Holdfast.Cluster.Fanout;
using Holdfast.Cluster.Sessions;

namespace Holdfast.Cluster.Peers;

/// <summary>The way to another node. Whatever goes wrong on it is a <see cref="PeerUnavailableException"/>, within the time that its kind of message has.</summary>
internal sealed class RemoteNode(NodeId id, INodeService service, IPeers peers, PeerLink link, TimeProvider clock) : INodeEndpoint
{
    /// <summary>How long an answer may take, unless its kind of message has a limit of its own.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>A request may have the node try what takes its time, such as a delivery.</summary>
    private static readonly TimeSpan RequestLimit = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public ValueTask<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat)
        => AskAsync(static (service, message) => service.HeartbeatAsync(message), heartbeat, AnswerLimit);

    /// <inheritdoc/>
    public ValueTask<AppendAnswer> AppendAsync(AppendRequest request)
        => AskAsync(static (service, message) => service.AppendAsync(message), request, AnswerLimit);

    /// <inheritdoc/>
    public ValueTask<bool> PushAsync(PushedBatches pushed)
        => AskAsync(static (service, message) => service.PushAsync(message), pushed, AnswerLimit);

    /// <inheritdoc/>
    public ValueTask<OwnedPartition[]> FenceAsync(NodeId gone)
        => AskAsync(static (service, message) => service.FenceAsync(message), gone, AnswerLimit);

    /// <inheritdoc/>
    public ValueTask<bool> RelayAsync(DirectMessages messages)
        => AskAsync(static (service, message) => service.RelayAsync(message), messages, AnswerLimit);

    /// <inheritdoc/>
    public ValueTask<bool> HearInterestAsync(Interest interest)
        => AskAsync(static (service, message) => service.HearInterestAsync(message), interest, AnswerLimit);

    /// <inheritdoc/>
    public ValueTask<ReleaseOutcome> ReleaseAsync(SessionRelease release)
        => AskAsync(static (service, message) => service.ReleaseAsync(message), release, AnswerLimit);

    /// <inheritdoc/>
    public ValueTask<bool> DrainAsync(string node)
        => AskAsync(static (service, message) => service.DrainAsync(message), node, AnswerLimit);

    /// <inheritdoc/>
    public ValueTask<byte[]> AnswerAsync(byte[] request)
        => AskAsync(static (service, message) => service.AnswerAsync(message), request, RequestLimit);

    private async ValueTask<TAnswer> AskAsync<TMessage, TAnswer>(Func<INodeService, TMessage, ValueTask<TAnswer>> send, TMessage message, TimeSpan limit)
    {
        if (peers.IsDeclaredDead(id))
        {
            throw new PeerUnavailableException(id, "it is declared dead.");
        }

        if (!link.TryBegin())
        {
            throw new PeerUnavailableException(id, $"{PeerLink.MostCalls} calls are on their way to it already.");
        }

        try
        {
            var loss = link.Loss;
            return await send(service, message).AsTask().WaitAsync(limit, clock, loss).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            throw new PeerUnavailableException(id, Reason(error, limit), error);
        }
        finally
        {
            link.End();
        }
    }

    private static string Reason(Exception error, TimeSpan limit) => error switch
    {
        OperationCanceledException => "the connection was lost.",
        TimeoutException => $"nothing came within {limit.TotalSeconds} s.",
        _ => error.Message,
    };
}
