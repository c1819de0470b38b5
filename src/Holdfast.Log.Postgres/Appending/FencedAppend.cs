using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres.Connections;

namespace Holdfast.Log.Postgres.Appending;

/// <summary>What an append came to.</summary>
/// <param name="Status">For the caller.</param>
/// <param name="Lost">The partitions that belong to somebody else now.</param>
/// <param name="Segment">The segment the group lies in; 0 when it is not known.</param>
internal sealed record AppendResult(AppendStatus Status, IReadOnlyList<int> Lost, long Segment = 0);

/// <summary>
/// One append until it is certain. It goes on as long as nothing certain can be said: while there is no primary, or no synchronous standby, the
/// caller waits, and the node is seen not to commit. Pure: the database and the pause are given.
/// </summary>
/// <remarks>
/// An attempt whose outcome is unknown may have been committed, may be committed later, or may be committed on the primary and not on its standby.
/// So the epoch is raised first: what is still on its way is refused from then on, and when the raise is committed synchronously, everything before it is.
/// Only then the heads tell what happened.
/// </remarks>
/// <param name="database">The statements.</param>
/// <param name="owner">This process.</param>
/// <param name="requiresStandby">Whether the server must name a synchronous standby.</param>
/// <param name="pause">Waits before the attempt of a number, and tells the reason; throws to give up.</param>
internal sealed class FencedAppend(IFenceDatabase database, string owner, bool requiresStandby, Func<int, string, Exception?, ValueTask> pause)
{
    private int _pauses;

    /// <summary>Appends a group.</summary>
    /// <param name="group">The batches.</param>
    /// <param name="epochs">The epoch of each batch's partition; raised epochs are written back.</param>
    public async ValueTask<AppendResult> RunAsync(BatchGroup group, long[] epochs)
    {
        while (true)
        {
            var attempt = await database.AppendAsync(group, epochs).ConfigureAwait(false);
            var result = attempt.Kind switch
            {
                OutcomeKind.Done when attempt.Value!.IsStored => new AppendResult(AppendStatus.Appended, [], attempt.Value.Segment),
                OutcomeKind.Done => await ExplainRefusalAsync(group, epochs, attempt.Value!).ConfigureAwait(false),
                OutcomeKind.Full => new AppendResult(AppendStatus.Full, []),
                OutcomeKind.Unknown => await ResolveAsync(group, epochs, attempt.Error).ConfigureAwait(false),
                OutcomeKind.Failed => throw new DatabaseUnavailableException($"The database refuses an append: {attempt.Error!.Message}", attempt.Error),
                OutcomeKind.NotSent => await PauseAsync("there is no primary", attempt.Error).ConfigureAwait(false),
                OutcomeKind.NotPrimary => await PauseAsync("the server takes no writes", attempt.Error).ConfigureAwait(false),
                _ => await PauseAsync("the server refused for the moment", attempt.Error).ConfigureAwait(false),
            };
            if (result is not null)
            {
                return result;
            }
        }
    }

    private async ValueTask<AppendResult?> ExplainRefusalAsync(BatchGroup group, long[] epochs, AppendAnswer answer)
    {
        if (requiresStandby && answer.SynchronousStandbyNames.Length == 0)
        {
            return await PauseAsync("synchronous_standby_names is empty, and an acknowledgement needs a synchronous standby", null).ConfigureAwait(false);
        }

        var heads = await database.ReadAsync(group.Partitions).ConfigureAwait(false);
        if (heads.Kind != OutcomeKind.Done)
        {
            return await PauseAsync("the heads could not be read", heads.Error).ConfigureAwait(false);
        }

        var lost = new List<int>();
        for (var i = 0; i < group.Count; i++)
        {
            var head = heads.Value![i];
            if (head.Owner == owner && head.NextOffset == group.BaseOffsets[i])
            {
                // A raise of ours may arrive long after its connection was lost. Nothing was ever sent under an epoch that it makes.
                epochs[i] = head.Epoch;
            }
            else
            {
                lost.Add(group.Partitions[i]);
            }
        }

        return lost.Count > 0
            ? new AppendResult(AppendStatus.Fenced, lost)
            : await PauseAsync("the server refused for the moment", null).ConfigureAwait(false);
    }

    /// <summary>Finds out what became of an attempt. Null when it is certain that nothing was stored and it can be sent again.</summary>
    private async ValueTask<AppendResult?> ResolveAsync(BatchGroup group, long[] epochs, Exception? cause)
    {
        while (true)
        {
            var raised = await database.RaiseAsync(group.Partitions, owner).ConfigureAwait(false);
            if (raised.Kind != OutcomeKind.Done)
            {
                _ = await PauseAsync("an append of unknown outcome waits to be resolved", raised.Error ?? cause).ConfigureAwait(false);
                continue;
            }

            var judged = Judge(group, raised.Value!, out var lost);
            if (judged == Verdict.Look)
            {
                // Everything is lost, and the new owner may have appended. A group is whole or not there, so one of its batches tells.
                var found = await database.HasBatchAsync(group.Partitions[0], group.BaseOffsets[0], epochs[0], group.Checksums[0]).ConfigureAwait(false);
                if (found.Kind != OutcomeKind.Done)
                {
                    _ = await PauseAsync("an append of unknown outcome waits to be resolved", found.Error ?? cause).ConfigureAwait(false);
                    continue;
                }

                judged = found.Value ? Verdict.Stored : Verdict.NotStored;
            }

            for (var i = 0; i < group.Count; i++)
            {
                epochs[i] = raised.Value![i].Epoch;
            }

            return judged == Verdict.Stored ? new AppendResult(AppendStatus.Appended, lost)
                : lost.Count > 0 ? new AppendResult(AppendStatus.Fenced, lost)
                : null;
        }
    }

    private Verdict Judge(BatchGroup group, PartitionHead[] heads, out List<int> lost)
    {
        lost = [];
        var verdict = Verdict.Look;
        for (var i = 0; i < group.Count; i++)
        {
            // An end that is neither before nor after the batch is a history that this owner does not know: a fail-over lost what was not replicated.
            var isKnown = heads[i].NextOffset == group.NextOffset(i) || heads[i].NextOffset == group.BaseOffsets[i];
            if (heads[i].Owner != owner || !isKnown)
            {
                lost.Add(group.Partitions[i]);
                continue;
            }

            var own = heads[i].NextOffset == group.NextOffset(i) ? Verdict.Stored : Verdict.NotStored;
            if (verdict != Verdict.Look && verdict != own)
            {
                throw new InvalidDataException($"Half of a group is stored: partition {group.Partitions[i]} at {heads[i].NextOffset} differs from those before it.");
            }

            verdict = own;
        }

        return verdict;
    }

    private async ValueTask<AppendResult?> PauseAsync(string reason, Exception? error)
    {
        await pause(++_pauses, reason, error).ConfigureAwait(false);
        return null;
    }

    private enum Verdict
    {
        Stored,
        NotStored,
        Look,
    }
}
