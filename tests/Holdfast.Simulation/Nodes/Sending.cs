using Holdfast.Cluster.Appending;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>The sender's side of an append: what ClusterAppender and its OwnerSenders do with the outboxes.</summary>
internal sealed class Sending
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Life _life;
    private readonly PartitionOutbox[] _outboxes;
    private readonly long[] _wrongNumbers = new long[SimulatedWorld.PartitionCount];
    private readonly HashSet<NodeId> _busy = [];
    private readonly List<(NodeId Owner, List<SealedRequest> Requests, TaskCompletionSource<AppendAnswer?> Answer)> _asked = [];

    public Sending(Life life)
    {
        _life = life;
        _outboxes = [.. Enumerable.Range(0, SimulatedWorld.PartitionCount)
            .Select(partition => new PartitionOutbox(partition, GroupCommitter.MaximumOpenBytes, life.World.Agenda.Clock))];
    }

    public void Begin() => _life.Owners.Changed += OnOwnersChanged;

    public AppendAdmission TryAppend(int partition, in PublishRecord record, ICommitObserver observer, ulong token)
    {
        var admission = _outboxes[partition].TryAppend(record, observer, token);
        Signal(partition);
        return admission;
    }

    private void Signal(int partition)
    {
        if (_life.Owners.OwnerOf(partition) is { } owner && _busy.Add(owner))
        {
            _life.Run(() => SendAllAsync(owner));
        }
    }

    private void OnOwnersChanged()
    {
        for (var partition = 0; partition < _outboxes.Length; partition++)
        {
            Signal(partition);
        }

        foreach (var (owner, requests, answer) in _asked.ToArray())
        {
            if (requests.TrueForAll(request => HasMovedFrom(owner, request.Partition)))
            {
                answer.TrySetResult(null);
            }
        }
    }

    private bool HasMovedFrom(NodeId owner, int partition) => _life.Owners.OwnerOf(partition) is { } other && other != owner;

    private async Task SendAllAsync(NodeId owner)
    {
        await _life.YieldAsync().ConfigureAwait(false);
        while (TakeFor(owner) is { Count: > 0 } requests)
        {
            if (!await SendAsync(owner, requests).ConfigureAwait(false))
            {
                await _life.DelayAsync(Pause).ConfigureAwait(false);
            }
        }

        _busy.Remove(owner);
    }

    private List<SealedRequest> TakeFor(NodeId owner)
    {
        var taken = new List<SealedRequest>();
        for (var partition = 0; partition < _outboxes.Length; partition++)
        {
            if (_life.Owners.OwnerOf(partition) == owner && _outboxes[partition].TryTake() is { } request)
            {
                taken.Add(request);
            }
        }

        return taken;
    }

    private async Task<bool> SendAsync(NodeId owner, List<SealedRequest> requests)
    {
        var batches = requests.ConvertAll(request => new ForwardedBatch(
            request.Partition, request.Number + _wrongNumbers[request.Partition], request.Records, request.Count));
        var answer = await AskAsync(owner, requests, new AppendRequest(_life.Id, [.. batches])).ConfigureAwait(false);
        if (answer is null)
        {
            requests.ForEach(request => PutBack(request.Partition));
            return false;
        }

        var stored = true;
        for (var index = 0; index < requests.Count; index++)
        {
            stored &= Settle(requests[index], answer.Outcomes[index]);
        }

        return stored;
    }

    private async Task<AppendAnswer?> AskAsync(NodeId owner, List<SealedRequest> requests, AppendRequest request)
    {
        var answer = new TaskCompletionSource<AppendAnswer?>();
        var asked = (owner, requests, answer);
        _asked.Add(asked);
        _life.Run(async () => answer.TrySetResult(owner == _life.Id
            ? await _life.Forwarding.AppendAsync(request).ConfigureAwait(false)
            : await _life.World.Network.AskAsync(_life, owner, other => other.Forwarding.AppendAsync(request)).ConfigureAwait(false)));
        var result = await answer.Task.ConfigureAwait(false);
        _asked.Remove(asked);
        return result;
    }

    private bool Settle(SealedRequest request, ForwardedOutcome outcome)
    {
        switch (outcome.Status)
        {
            case ForwardedStatus.Stored or ForwardedStatus.Full:
                request.Complete(outcome.Status == ForwardedStatus.Stored ? AppendStatus.Appended : AppendStatus.Full, outcome.Offsets);
                _outboxes[request.Partition].Confirm();
                Signal(request.Partition);
                return true;
            case ForwardedStatus.SenderFenced:
                _life.World.Kill(_life, "its sessions go on elsewhere");
                return false;
            default:
                PutBack(request.Partition);
                return false;
        }
    }

    private void PutBack(int partition)
    {
        if (_life.World.Breakage == Breakage.NewNumberWhenRepeated)
        {
            _wrongNumbers[partition]++;
        }

        _outboxes[partition].PutBack();
        Signal(partition);
    }
}
