using Holdfast.Broker.Sessions;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Health;

/// <summary>
/// Judges whether the node can commit: "connected means committing". When nothing is published it appends a probe, because a node that nobody
/// publishes to must notice too. After <see cref="BrokerOptions.AckDeadline"/> without a commit everybody is disconnected, idle clients as
/// well: a device that believes it is online does not buffer.
/// </summary>
internal sealed class CommitMonitor(SessionServices services) : ICommitHealth, ICommitObserver
{
    /// <summary>How often the node is judged.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Without a commit for this long, a probe is appended.</summary>
    private static readonly TimeSpan ProbeAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _lastCommit = services.Time.GetTimestamp();
    private long _notCommittingSince;
    private bool _probing;
    private bool _hasDisconnected;
    private bool _isFull;
    private TaskCompletionSource? _committedAgain;

    public CommitState State { get; private set; } = CommitState.Starting;

    public string Reason { get; private set; } = "The node is starting.";

    /// <summary>Called when everybody is to be disconnected, with the reason.</summary>
    public Action<string>? DisconnectEverybody { get; set; }

    /// <summary>Recovery is complete.</summary>
    public void Start() => Change(CommitState.Committing, string.Empty);

    /// <summary>The node shuts down.</summary>
    public void Drain() => Change(CommitState.Draining, "The node is shutting down. Connect to another, or again in a moment.");

    /// <summary>A group was committed or refused. Called on the delivery thread.</summary>
    public void OnGroup(AppendStatus status)
    {
        Volatile.Write(ref _lastCommit, services.Time.GetTimestamp());
        if (status == AppendStatus.Appended)
        {
            Interlocked.Exchange(ref _committedAgain, null)?.SetResult();
        }

        if (Volatile.Read(ref _isFull) != (status == AppendStatus.Full))
        {
            Volatile.Write(ref _isFull, status == AppendStatus.Full);
            Judge();
        }
    }

    /// <summary>Completes with the next group that is committed. For whoever was refused: trying again at once would only be refused again.</summary>
    public Task WhenCommittedAgainAsync()
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _committedAgain, mine, null) ?? mine).Task;
    }

    /// <summary>Judges the node. Called every <see cref="Interval"/>.</summary>
    public void Judge()
    {
        lock (_lock)
        {
            if (State is CommitState.Starting or CommitState.Draining)
            {
                return;
            }

            var age = services.Appender.OldestPendingAge;
            if (age > services.Options.StallThreshold)
            {
                Change(CommitState.Stalled, "Commits to the disk do not return. Nothing is acknowledged until they do; try again later.");
            }
            else if (_isFull)
            {
                Change(CommitState.Full, "There is no room to store messages. Publishing is refused until there is.");
            }
            else
            {
                Change(CommitState.Committing, string.Empty);
            }

            DisconnectWhenDue();
            Probe();
        }
    }

    void ICommitObserver.OnCompleted(ulong token, int partition, long offset, AppendStatus status) => Volatile.Write(ref _probing, false);

    private void Change(CommitState state, string reason)
    {
        if (State == state)
        {
            return;
        }

        if (state is CommitState.Stalled or CommitState.Full && _notCommittingSince == 0)
        {
            _notCommittingSince = services.Time.GetTimestamp();
            services.Logger.LogError("Not committing: {Reason}", reason);
        }
        else if (state == CommitState.Committing && _notCommittingSince != 0)
        {
            services.Logger.LogWarning("Committing again after {Elapsed}", services.Time.GetElapsedTime(_notCommittingSince));
            _notCommittingSince = 0;
            _hasDisconnected = false;
        }

        // The reason first: whoever sees the state reads it.
        Reason = reason;
        State = state;
    }

    private void DisconnectWhenDue()
    {
        if (_notCommittingSince == 0 || _hasDisconnected)
        {
            return;
        }

        // Counted from the beginning of the stall, not from its discovery.
        var elapsed = services.Time.GetElapsedTime(_notCommittingSince) + (State == CommitState.Stalled ? services.Options.StallThreshold : TimeSpan.Zero);
        if (elapsed >= services.Options.AckDeadline)
        {
            _hasDisconnected = true;
            services.Logger.LogError("Not committing for {Elapsed}: disconnecting all clients, so that they buffer", elapsed);
            DisconnectEverybody?.Invoke(Reason);
        }
    }

    private void Probe()
    {
        if (_probing || services.Time.GetElapsedTime(Volatile.Read(ref _lastCommit)) < ProbeAfter)
        {
            return;
        }

        _probing = true;
        var probe = new SessionRecord { Kind = RecordKind.Probe, Session = 0, PacketId = 0, ReceivedAtMilliseconds = services.NowMilliseconds };
        if (services.Appender.TryAppend(0, probe, this, 0) == AppendAdmission.Busy)
        {
            _probing = false;
        }
    }
}
