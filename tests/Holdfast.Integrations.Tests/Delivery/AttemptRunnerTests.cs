using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Tests.Support;
using Holdfast.Log.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Integrations.Tests.Delivery;

public sealed class AttemptRunnerTests : IAsyncDisposable
{
    private readonly TestTime _time = new();
    private readonly WakeSignal _wake = new();
    private readonly IntegrationMetrics _metrics = new(() => [], () => [], () => [], () => []);
    private readonly MemoryPartitionLog _log = new(partitionCount: 1);
    private readonly ManualCarrier _carrier = new();
    private readonly DeliveryWindow _window;
    private readonly IntegrationProgress _progress;

    public AttemptRunnerTests()
    {
        _window = new DeliveryWindow(1, IntegrationLimits.Default, new DeliveryShape(DeliveryOrder.Device, 2, TimeSpan.Zero));
        _progress = new IntegrationProgress("p", "hook", _metrics, _time, NullLogger.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _metrics.Dispose();
        await _log.DisposeAsync();
    }

    [Fact]
    public async Task No_more_attempts_run_at_a_time_than_the_limit_and_each_that_ends_lets_another_begin()
    {
        using var attempts = Runner(mostInFlight: 3);
        Add(count: 10);

        attempts.Start();
        Assert.Equal([0, 2, 4], _carrier.Begun);

        await FinishAsync(attempts, 2, new AttemptOutcome(AttemptResult.Delivered, 200, ""));
        Assert.Equal([0, 2, 4, 6], _carrier.Begun);
        Assert.Equal((3, 2L), (attempts.InFlight, _progress.DeliveredCount));
    }

    [Fact]
    public async Task Expired_events_are_taken_out_of_a_request_before_it_goes_out()
    {
        using var attempts = Runner();
        var now = _time.GetUtcNow();
        _window.Add(TestEvents.Create(0, key: 1, expiresAt: now.ToUnixTimeMilliseconds()));
        _window.Add(TestEvents.Create(1, key: 1));
        _window.Add(TestEvents.Create(2, key: 2, expiresAt: now.ToUnixTimeMilliseconds()));
        _window.Add(TestEvents.Create(3, key: 2, expiresAt: now.ToUnixTimeMilliseconds()));

        attempts.Start();
        Assert.Equal([1], _carrier.Begun);
        Assert.Equal(3, _progress.ExpiredCount);

        await FinishAsync(attempts, 1, new AttemptOutcome(AttemptResult.Delivered, 200, ""));
        Assert.Null(_window.Oldest(0));
    }

    [Fact]
    public async Task A_refused_batch_is_tried_one_by_one_so_that_only_what_is_to_blame_becomes_a_dead_letter()
    {
        using var attempts = Runner();
        Add(count: 2);
        attempts.Start();

        await FinishAsync(attempts, 0, new AttemptOutcome(AttemptResult.Refused, 410, "HTTP 410"));
        Assert.Equal([0, 0, 1], _carrier.Begun);
        await FinishAsync(attempts, 0, new AttemptOutcome(AttemptResult.DeadLettered, 410, "HTTP 410"));
        await FinishAsync(attempts, 1, new AttemptOutcome(AttemptResult.Delivered, 200, ""));

        Assert.Equal((1L, 1L), (_progress.DeadLetteredCount, _progress.DeliveredCount));
        Assert.Null(_window.Oldest(0));
    }

    [Fact]
    public async Task A_pause_that_the_receiver_asks_for_is_kept_for_the_request_and_for_all_others()
    {
        using var attempts = Runner(mostInFlight: 1);
        Add(count: 4);
        attempts.Start();

        var refused = AttemptOutcome.Unanswered("HTTP 429") with { RetryAfter = TimeSpan.FromMinutes(2) };
        await FinishAsync(attempts, 0, refused);

        Assert.Equal(_time.Start + TimeSpan.FromMinutes(2), attempts.NextDue);
        Assert.Equal(CircuitState.Open, attempts.Circuit);
        _time.Advance(TimeSpan.FromMinutes(2));
        attempts.Start();
        Assert.Equal(2, _carrier.Begun.Count);
    }

    [Fact]
    public void A_pace_bounds_what_goes_out()
    {
        using var attempts = Runner(eventsPerSecond: 10);
        Add(count: 10);

        attempts.Start();
        Assert.Single(_carrier.Begun);
        Assert.Equal(_time.Start + TimeSpan.FromMilliseconds(100), attempts.NextDue);

        _time.Advance(TimeSpan.FromMilliseconds(100));
        attempts.Start();
        Assert.Equal(2, _carrier.Begun.Count);
    }

    private AttemptRunner Runner(int mostInFlight = 8, int? eventsPerSecond = null)
    {
        var delay = new RetryDelay(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(60), new Random(1));
        return new AttemptRunner(
            _window, _carrier, _log, new EndpointCircuit(mostInFlight, 5, delay), new Pace(eventsPerSecond), delay, _time, _progress, _wake);
    }

    private void Add(int count)
    {
        for (var offset = 0; offset < count; offset++)
        {
            _window.Add(TestEvents.Create(offset, key: (ulong)offset));
        }
    }

    private async Task FinishAsync(AttemptRunner attempts, long offset, AttemptOutcome outcome)
    {
        _carrier.Finish(offset, outcome);
        await _wake.WaitAsync(Deadline.Token);
        attempts.Collect();
        attempts.Start();
    }

    private sealed class ManualCarrier : IEventCarrier
    {
        private readonly Dictionary<long, TaskCompletionSource<AttemptOutcome>> _answers = [];

        public List<long> Begun { get; } = [];

        public Task<AttemptOutcome> CarryAsync(OutstandingRequest request, CancellationToken cancellationToken)
        {
            var offset = request.Events[0].Offset;
            Begun.Add(offset);
            return (_answers[offset] = new TaskCompletionSource<AttemptOutcome>()).Task;
        }

        public void Finish(long offset, AttemptOutcome outcome) => _answers[offset].SetResult(outcome);

        public void Dispose()
        {
        }
    }
}
