using Holdfast.Cluster.Appending;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Simulation.World;

namespace Holdfast.Simulation.Nodes;

/// <summary>The owner's side of an append, as ForwardedAppends.</summary>
internal sealed class Forwarding(Life life)
{
    public async Task<AppendAnswer> AppendAsync(AppendRequest request)
    {
        using var visit = life.Fences.TryEnter(request.From);
        if (visit is null && life.World.Breakage != Breakage.FencedSenderAccepted)
        {
            return new AppendAnswer([.. request.Batches.Select(_ => new ForwardedOutcome(ForwardedStatus.SenderFenced, null))]);
        }

        var pending = new Pending[request.Batches.Length];
        for (var index = 0; index < pending.Length; index++)
        {
            pending[index] = await AdmitAsync(SenderHash.Of(request.From), request.Batches[index]).ConfigureAwait(false);
        }

        var outcomes = new ForwardedOutcome[pending.Length];
        for (var index = 0; index < pending.Length; index++)
        {
            var one = pending[index];
            var status = one.Admission == ForwardAdmission.NotOwned ? AppendStatus.Fenced : await one.Completed.ConfigureAwait(false);
            outcomes[index] = ForwardedOutcome.Of(one.Admission, status, one.Offsets);
        }

        return new AppendAnswer(outcomes);
    }

    private async Task<Pending> AdmitAsync(ulong sender, ForwardedBatch batch)
    {
        var pending = new Pending(batch.Count);
        while (true)
        {
            var records = new ForwardedRecords(sender, batch.Number, batch.Records, batch.Count);
            var now = life.World.Agenda.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            pending.Admission = life.Committing.Partitions[batch.Partition].TryAppend(records, pending.Offsets, pending, 0, now);
            life.Committing.Signal();
            if (pending.Admission != ForwardAdmission.Busy)
            {
                return pending;
            }

            await life.DelayAsync(life.World.Between(0.1, 2)).ConfigureAwait(false);
        }
    }

    private sealed class Pending(int count) : ICommitObserver
    {
        private readonly TaskCompletionSource<AppendStatus> _completion = new();

        public long[] Offsets { get; } = new long[count];

        public ForwardAdmission Admission { get; set; }

        public Task<AppendStatus> Completed => _completion.Task;

        public void OnCompleted(ulong token, int partition, long offset, AppendStatus status) => _completion.SetResult(status);
    }
}
