using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Tests.Support;
using Holdfast.Log.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Integrations.Tests;

public sealed class AttemptRunnerTests
{
    [Fact]
    public async Task No_more_attempts_run_at_a_time_than_the_limit_and_each_that_ends_lets_another_begin()
    {
        var limits = new IntegrationLimits { AttemptsInFlight = 3 };
        var time = new TestTime();
        var wake = new WakeSignal();
        using var metrics = new IntegrationMetrics(() => [], () => []);
        var progress = new IntegrationProgress("p", "hook", metrics, time, NullLogger.Instance);
        var window = new DeliveryWindow(1, limits);
        var sender = new ManualSender();
        await using var log = new MemoryPartitionLog(partitionCount: 1);
        var delay = new RetryDelay(limits.MinimumRetryDelay, limits.MaximumRetryDelay, new Random(1));
        using var attempts = new AttemptRunner(window, sender, log, delay, limits, time, progress, wake);
        for (var offset = 0; offset < 5; offset++)
        {
            window.Add(new OutstandingEvent
            {
                Partition = 0,
                Offset = offset,
                KeyHash = (ulong)offset,
                Id = $"test-0-{offset}",
                ExpiresAtMilliseconds = 0,
                ReceivedAtMilliseconds = 1,
                Body = new byte[1],
            });
        }

        attempts.Start();
        Assert.Equal([0, 1, 2], sender.Begun);

        sender.Finish(1);
        await wake.WaitAsync(Deadline.Token);
        attempts.Collect();
        attempts.Start();
        Assert.Equal([0, 1, 2, 3], sender.Begun);
        Assert.Equal((3, 1L), (attempts.InFlight, progress.DeliveredCount));
    }

    private sealed class ManualSender : IEventSender
    {
        private readonly Dictionary<long, TaskCompletionSource<string?>> _answers = [];

        public List<long> Begun { get; } = [];

        public Task<string?> SendAsync(OutstandingEvent sent, CancellationToken cancellationToken)
        {
            Begun.Add(sent.Offset);
            return (_answers[sent.Offset] = new TaskCompletionSource<string?>()).Task;
        }

        public void Finish(long offset) => _answers[offset].SetResult(null);

        public void Dispose()
        {
        }
    }
}
