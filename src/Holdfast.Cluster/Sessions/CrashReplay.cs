using Holdfast.Broker.Sessions;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Cluster.Sessions;

/// <summary>
/// What the log holds of the sessions of a dead node and their rows may not: their steps from the node's mark to the end that no record of it can lie beyond. They are
/// kept in memory up to a limit; beyond it, the log is read again for each session that asks.
/// </summary>
public sealed class CrashReplay
{
    /// <summary>The most steps that are kept of one node, about 100 MB.</summary>
    public const int MostSteps = 1_000_000;

    private const int ReadBytes = 1024 * 1024;

    private readonly IPartitionLog _log;
    private readonly long[] _ends;
    private readonly int _mostSteps;
    private Dictionary<ulong, List<SessionStep>>? _steps = [];

    private CrashReplay(IPartitionLog log, long[] mark, long[] ends, int mostSteps) => (_log, Mark, _ends, _mostSteps) = (log, mark, ends, mostSteps);

    /// <summary>The node's mark: where its sessions were that have no cursor of their own.</summary>
    public IReadOnlyList<long> Mark { get; }

    /// <summary>Whether the steps are in memory.</summary>
    public bool IsKept => _steps is not null;

    /// <summary>Reads the log once.</summary>
    /// <param name="log">The log; it must be readable up to the ends.</param>
    /// <param name="mark">The node's mark.</param>
    /// <param name="ends">Beyond it, nothing of the node can follow.</param>
    /// <param name="mostSteps">Steps that are kept at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<CrashReplay> ReadAsync(IPartitionLog log, long[] mark, long[] ends, int mostSteps, CancellationToken cancellationToken)
    {
        var replay = new CrashReplay(log, mark, ends, mostSteps);
        var count = 0;
        await replay.ScanAsync(step => replay.Keep(step, ref count), cancellationToken).ConfigureAwait(false);
        return replay;
    }

    /// <summary>The steps of a session, those of each partition in their order.</summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<IReadOnlyList<SessionStep>> StepsOfAsync(ulong sessionId, CancellationToken cancellationToken)
    {
        if (_steps is { } kept)
        {
            return kept.GetValueOrDefault(sessionId) ?? [];
        }

        var steps = new List<SessionStep>();
        await ScanAsync(
            step =>
            {
                if (step.Record.Session == sessionId)
                {
                    steps.Add(step);
                }

                return true;
            },
            cancellationToken).ConfigureAwait(false);
        return steps;
    }

    /// <summary>The messages of a partition whose QoS 2 packet identifier was committed for a member of a shared subscription.</summary>
    /// <param name="share">The share.</param>
    /// <param name="partition">The partition of the messages.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<IReadOnlySet<long>> AssignedOfAsync(ulong share, int partition, CancellationToken cancellationToken)
    {
        var assigned = new HashSet<long>();
        bool Take(SessionStep step)
        {
            if (step.Record.Kind == RecordKind.DeliveryAssigned && step.Record.Share == share && step.Record.MessagePartition == partition)
            {
                assigned.Add(step.Record.MessageOffset);
            }

            return true;
        }

        if (_steps is { } kept)
        {
            foreach (var step in kept.Values.SelectMany(steps => steps))
            {
                Take(step);
            }
        }
        else
        {
            await ScanAsync(Take, cancellationToken).ConfigureAwait(false);
        }

        return assigned;
    }

    private bool Keep(in SessionStep step, ref int count)
    {
        if (++count > _mostSteps)
        {
            _steps = null;
            return false;
        }

        if (!_steps!.TryGetValue(step.Record.Session, out var steps))
        {
            _steps[step.Record.Session] = steps = [];
        }

        steps.Add(step);
        return true;
    }

    /// <param name="take">Takes a step; false ends the reading.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task ScanAsync(Func<SessionStep, bool> take, CancellationToken cancellationToken)
    {
        for (var partition = 0; partition < _ends.Length; partition++)
        {
            var next = Math.Max(Mark[partition], _log.FirstOffset(partition));
            while (next < _ends[partition])
            {
                using var read = await _log.ReadAsync(partition, next, null, ReadBytes, cancellationToken).ConfigureAwait(false);
                if (read.NextOffset <= next)
                {
                    throw new IOException($"Partition {partition} cannot be read from {next} to {_ends[partition]} here.");
                }

                if (!Take(read, next, _ends[partition], take))
                {
                    return;
                }

                next = read.NextOffset;
            }
        }
    }

    private static bool Take(LogRead read, long from, long end, Func<SessionStep, bool> take)
    {
        foreach (var batch in read.Batches)
        {
            foreach (var view in batch)
            {
                if (view.Offset >= from && view.Offset < end && SessionStep.TryRead(view, out var step) && !take(step))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
