using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>A clock that a test moves, and that tells the test when something waits for it.</summary>
internal sealed class TestTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _armed = Channel.CreateUnbounded<TimeSpan>();

    public TestTime()
        : base(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero))
    {
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Note(dueTime);
        return new ObservedTimer(this, base.CreateTimer(callback, state, dueTime, period));
    }

    /// <summary>Waits until someone begins to wait for the clock, or did so before and was not asked about yet.</summary>
    public async Task NextWaitAsync() => await _armed.Reader.ReadAsync(Deadline.Token);

    /// <summary>Waits until someone begins to wait for exactly this long.</summary>
    public async Task UntilWaitAsync(TimeSpan wanted)
    {
        while (await _armed.Reader.ReadAsync(Deadline.Token) != wanted)
        {
            // Another wait.
        }
    }

    private void Note(TimeSpan dueTime)
    {
        if (dueTime > TimeSpan.Zero)
        {
            _armed.Writer.TryWrite(dueTime);
        }
    }

    private sealed class ObservedTimer(TestTime time, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = timer.Change(dueTime, period);
            time.Note(dueTime);
            return changed;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
