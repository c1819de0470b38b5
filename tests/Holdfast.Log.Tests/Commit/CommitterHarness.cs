using System.Collections.Concurrent;
using System.Text;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Tests.Commit;

/// <summary>A committer over a log in memory, and a record of what its observers and its handler hear.</summary>
internal sealed class CommitterHarness : ICommittedGroupHandler, ICommitObserver, IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<Outcome>> _outcomes = [];
    private ulong _lastToken;

    public CommitterHarness()
    {
        Committer = new GroupCommitter(Log, this, TimeProvider.System);
    }

    public MemoryPartitionLog Log { get; } = new(4);

    public GroupCommitter Committer { get; }

    /// <summary>What was heard, in order.</summary>
    public ConcurrentQueue<Outcome> Heard { get; } = [];

    public TaskCompletionSource<Exception> Fatal { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs on the delivery thread before a group's observers hear.</summary>
    public Action<CommittedGroup> BeforeGroup { get; set; } = static _ => { };

    public static PublishRecord Record(string payload, ulong? sequence = null) => new()
    {
        Product = "p"u8,
        Publisher = "c"u8,
        Topic = "devices/d/events/e"u8,
        Payload = Encoding.UTF8.GetBytes(payload),
        Stream = sequence is null ? [] : "s"u8,
        Sequence = sequence ?? 0,
        QualityOfService = 1,
        ReceivedAtMilliseconds = 1,
    };

    /// <summary>Appends; the task completes when the observer hears. Null when it was busy.</summary>
    public Task<Outcome>? TryAppend(int partition, string payload, ulong? sequence = null)
    {
        var record = Record(payload, sequence);
        var (token, heard) = NewToken();
        return Committer.TryAppend(partition, ref record, this, token) == AppendAdmission.Accepted ? heard : null;
    }

    public Task<Outcome> Append(int partition, string payload, ulong? sequence = null)
    {
        var heard = TryAppend(partition, payload, sequence);
        Assert.NotNull(heard);
        return heard;
    }

    public Task<Outcome> AppendMarker(int partition)
    {
        var (token, heard) = NewToken();
        Committer.AppendMarker(partition, this, token);
        return heard;
    }

    /// <summary>The payloads that the log holds.</summary>
    public async Task<List<string>> StoredAsync(int partition)
    {
        using var read = await Log.ReadAsync(partition, 0, null, int.MaxValue, CancellationToken.None);
        var payloads = new List<string>();
        foreach (var batch in read.Batches)
        {
            foreach (var view in batch)
            {
                payloads.Add(Encoding.UTF8.GetString(PublishRecord.Read(view).Payload));
            }
        }

        return payloads;
    }

    public Task GateReachedAsync() => Log.Gate.WaitForArrivalAsync().WaitAsync(Limit);

    void ICommittedGroupHandler.OnGroup(CommittedGroup group)
    {
        BeforeGroup(group);
        group.Complete();
    }

    void ICommittedGroupHandler.OnFatal(Exception exception) => Fatal.TrySetResult(exception);

    void ICommitObserver.OnCompleted(ulong token, int partition, long offset, AppendStatus status)
    {
        var outcome = new Outcome(token, partition, offset, status, Log.CommittedOffset(partition));
        Heard.Enqueue(outcome);
        _outcomes[token].SetResult(outcome);
    }

    public async ValueTask DisposeAsync() => await Committer.DisposeAsync().AsTask().WaitAsync(Limit);

    public (ulong Token, Task<Outcome> Heard) NewToken()
    {
        var token = Interlocked.Increment(ref _lastToken);
        var source = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        _outcomes[token] = source;
        return (token, source.Task.WaitAsync(Limit));
    }
}

/// <summary>What an observer heard, and what was committed at that moment.</summary>
internal sealed record Outcome(ulong Token, int Partition, long Offset, AppendStatus Status, long Committed);
