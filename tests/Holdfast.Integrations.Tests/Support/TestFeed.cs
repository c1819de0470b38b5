using Holdfast.Broker.Delivery;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>A commit feed whose announcements a test makes.</summary>
internal sealed class TestFeed(int partitionCount) : ICommitFeed
{
    private readonly Lock _lock = new();
    private readonly long[] _announced = new long[partitionCount];
    private readonly List<(long[] Positions, TaskCompletionSource Waiting)> _waiting = [];

    public long AnnouncedOffset(int partition)
    {
        lock (_lock)
        {
            return _announced[partition];
        }
    }

    public async Task WaitAsync(ReadOnlyMemory<long> positions, CancellationToken cancellationToken)
    {
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (IsBeyond(positions.Span))
            {
                return;
            }

            _waiting.Add((positions.ToArray(), waiting));
        }

        await using var registration = cancellationToken.Register(() => waiting.TrySetCanceled(cancellationToken));
        await waiting.Task;
    }

    public void Announce(int partition, long offset)
    {
        lock (_lock)
        {
            _announced[partition] = offset;
            foreach (var (positions, waiting) in _waiting)
            {
                if (IsBeyond(positions))
                {
                    waiting.TrySetResult();
                }
            }

            _waiting.RemoveAll(entry => entry.Waiting.Task.IsCompleted);
        }
    }

    private bool IsBeyond(ReadOnlySpan<long> positions)
    {
        for (var i = 0; i < positions.Length; i++)
        {
            if (_announced[i] > positions[i])
            {
                return true;
            }
        }

        return false;
    }
}
