using Holdfast.Cluster.Peers;
using Holdfast.Log.Partitions;

namespace Holdfast.Cluster.Appending;

/// <summary>Sends to one owner, one request after the other.</summary>
internal sealed class OwnerSender : IAsyncDisposable
{
    /// <summary>After a request that was not stored: by then the partition may have another owner.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly NodeId _owner;
    private readonly NodeId _self;
    private readonly INodeEndpoint _endpoint;
    private readonly ClusterAppender _appender;
    private readonly Action _onFenced;
    private readonly TimeProvider _time;
    private readonly WakeUp _work = new();
    private readonly BackgroundLoop _loop;

    public OwnerSender(NodeId owner, NodeId self, INodeEndpoint endpoint, ClusterAppender appender, Action onFenced, Action<Exception> onFatal, TimeProvider time)
    {
        _owner = owner;
        _self = self;
        _endpoint = endpoint;
        _appender = appender;
        _onFenced = onFenced;
        _time = time;
        _loop = new BackgroundLoop(RunAsync, onFatal);
    }

    /// <summary>There may be something to send.</summary>
    public void Signal() => _work.Signal();

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        _work.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _work.WaitAsync(cancellationToken).ConfigureAwait(false);
            while (_appender.TakeFor(_owner) is { Count: > 0 } requests)
            {
                if (!await SendAsync(requests).ConfigureAwait(false))
                {
                    await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    /// <returns>False when something was not stored.</returns>
    private async Task<bool> SendAsync(List<SealedRequest> requests)
    {
        var withRecords = requests.FindAll(request => request.Count > 0);
        foreach (var request in requests.Where(request => request.Count == 0))
        {
            // Somebody only waits for what was before, and that was answered.
            Finish(request, AppendStatus.Appended, null);
        }

        if (withRecords.Count == 0)
        {
            return true;
        }

        try
        {
            var batches = withRecords.ConvertAll(request => new ForwardedBatch(request.Partition, request.Number, request.Records, request.Count));
            var asking = _endpoint.AppendAsync(new AppendRequest(_self, [.. batches])).AsTask();
            var answer = await UnlessAllHaveMovedAsync(asking, withRecords).ConfigureAwait(false);
            return Settle(withRecords, answer);
        }
        catch (PeerUnavailableException)
        {
            // Perhaps they were stored. Whoever is asked next knows.
            withRecords.ForEach(request => _appender.PutBack(request.Partition));
            return false;
        }
    }

    /// <summary>An owner that died answers no more; as soon as others own all that was sent to it, they are asked.</summary>
    private async Task<AppendAnswer> UnlessAllHaveMovedAsync(Task<AppendAnswer> asking, List<SealedRequest> requests)
    {
        while (true)
        {
            var moved = _appender.WhenOwnersChange();
            if (requests.TrueForAll(request => _appender.HasMovedFrom(_owner, request.Partition)))
            {
                _ = asking.ContinueWith(ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                throw new PeerUnavailableException(_owner, "others own what it was sent.");
            }

            if (await Task.WhenAny(asking, moved).ConfigureAwait(false) == asking)
            {
                return await asking.ConfigureAwait(false);
            }
        }
    }

    private bool Settle(List<SealedRequest> requests, AppendAnswer answer)
    {
        var stored = true;
        for (var index = 0; index < requests.Count; index++)
        {
            var (status, offsets) = answer.Outcomes[index];
            switch (status)
            {
                case ForwardedStatus.Stored:
                    Finish(requests[index], AppendStatus.Appended, offsets);
                    break;
                case ForwardedStatus.Full:
                    Finish(requests[index], AppendStatus.Full, null);
                    break;
                case ForwardedStatus.SenderFenced:
                    _onFenced();
                    stored = false;
                    break;
                default:
                    _appender.PutBack(requests[index].Partition);
                    stored = false;
                    break;
            }
        }

        return stored;
    }

    private void Finish(SealedRequest request, AppendStatus status, long[]? offsets)
    {
        // The next request may only follow when the observers have heard of this one: they hear in order.
        if (_appender.Sink is { } sink)
        {
            sink.Complete(status, () => request.Complete(status, offsets));
        }
        else
        {
            request.Complete(status, offsets);
        }

        _appender.Confirm(request.Partition, this);
    }
}
