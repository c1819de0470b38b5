using Holdfast.Cluster.Ownership;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;

namespace Holdfast.Cluster.Appending;

/// <summary>The owner's side: takes the requests of all nodes, this one included, into the group commit.</summary>
internal sealed class ForwardedAppends(GroupCommitter committer, NodeFences fences)
{
    /// <summary>Stores what this node owns, and answers after the commit.</summary>
    public async ValueTask<AppendAnswer> AppendAsync(AppendRequest request)
    {
        using var visit = fences.TryEnter(request.From);
        if (visit is null)
        {
            return new AppendAnswer([.. request.Batches.Select(_ => new ForwardedOutcome(ForwardedStatus.SenderFenced, null))]);
        }

        var sender = SenderHash.Of(request.From);
        var pending = new PendingForward[request.Batches.Length];
        for (var index = 0; index < pending.Length; index++)
        {
            pending[index] = await AdmitAsync(sender, request.Batches[index]).ConfigureAwait(false);
        }

        var outcomes = new ForwardedOutcome[pending.Length];
        for (var index = 0; index < pending.Length; index++)
        {
            outcomes[index] = await pending[index].OutcomeAsync().ConfigureAwait(false);
        }

        return new AppendAnswer(outcomes);
    }

    private async ValueTask<PendingForward> AdmitAsync(ulong sender, ForwardedBatch batch)
    {
        var pending = new PendingForward(batch.Count);
        while (true)
        {
            var records = new ForwardedRecords(sender, batch.Number, batch.Records, batch.Count);
            pending.Admission = committer.TryAppend(batch.Partition, records, pending.Offsets, pending, 0);
            if (pending.Admission != ForwardAdmission.Busy)
            {
                return pending;
            }

            await committer.WhenRoomAsync().ConfigureAwait(false);
        }
    }

    private sealed class PendingForward(int count) : ICommitObserver
    {
        private readonly TaskCompletionSource<AppendStatus> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long[] Offsets { get; } = new long[count];

        public ForwardAdmission Admission { get; set; }

        public void OnCompleted(ulong token, int partition, long offset, AppendStatus status) => _completion.SetResult(status);

        public async ValueTask<ForwardedOutcome> OutcomeAsync()
        {
            var status = Admission == ForwardAdmission.NotOwned ? AppendStatus.Fenced : await _completion.Task.ConfigureAwait(false);
            return ForwardedOutcome.Of(Admission, status, Offsets);
        }
    }
}
