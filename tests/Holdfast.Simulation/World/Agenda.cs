namespace Holdfast.Simulation.World;

/// <summary>Virtual time: what shall happen, in its order. One thread runs it; what happens at the same instant happens in the order in which it was asked for.</summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action, (long At, long Number)> _events = new();
    private long _number;

    public Agenda() => Clock = new VirtualClock(this);

    /// <summary>Since the begin, in ticks.</summary>
    public long Now { get; private set; }

    /// <summary>How many events have happened.</summary>
    public long Happened { get; private set; }

    /// <summary>The clock that the product's types are given.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Lets something happen.</summary>
    public void After(TimeSpan delay, Action happens) => _events.Enqueue(happens, (Now + delay.Ticks, _number++));

    /// <summary>Lets the next thing happen.</summary>
    public void Step()
    {
        if (!_events.TryDequeue(out var happens, out var when))
        {
            throw new InvalidOperationException("Nothing more can happen: the simulated world stands still.");
        }

        Now = when.At;
        Happened++;
        happens();
    }

    private sealed class VirtualClock(Agenda agenda) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        // A time stamp of zero means "never" to many.
        public override long GetTimestamp() => agenda.Now + TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
            => throw new NotSupportedException("A timer would run on another thread.");
    }
}
