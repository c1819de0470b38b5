using System.Net;
using Holdfast.Status.Serving;
using Holdfast.Status.Tests.Support;
using Holdfast.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Serving;

/// <summary>Who watches the page: a service that misses its call.</summary>
public sealed class HeartbeatTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private WebhookReceiver _service = null!;

    public async ValueTask InitializeAsync() => _service = await WebhookReceiver.StartAsync();

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task An_outside_service_is_called_at_the_start_and_each_minute()
    {
        using var directory = new TemporaryDirectory();
        await using StatusServer page = await StatusServer.StartAsync(
            directory.Path, new IPEndPoint(IPAddress.Any, 0), NullLoggerFactory.Instance, _clock, TestContext.Current.CancellationToken, new Uri(_service.Url));
        await _service.NextAsync();
        await NextMinuteAsync();
        await NextMinuteAsync();
    }

    [Fact]
    public async Task It_is_not_called_while_the_page_has_a_problem_and_is_called_again_after()
    {
        string? problem = null;
        using var asked = new SemaphoreSlim(0);
        await using var heartbeat = new Heartbeat(new Uri(_service.Url), _ => Task.FromResult(Ask()), _clock, NullLogger.Instance);
        await _service.NextAsync();
        await asked.WaitAsync(TestContext.Current.CancellationToken);
        problem = "the disk is full";
        await NextAskedAsync();
        await NextAskedAsync();

        // The minute before the one that has begun is over, and nothing came of it.
        Assert.Equal(0, _service.Waiting);
        problem = null;
        await NextMinuteAsync();

        string? Ask()
        {
            asked.Release();
            return problem;
        }

        async Task NextAskedAsync()
        {
            _clock.Advance(Heartbeat.Interval);
            await asked.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_page_that_cannot_store_what_it_judges_says_so_itself_and_sends_no_heartbeat()
    {
        using var directory = new TemporaryDirectory();
        var log = new LineLog();
        await using StatusServer page = await StatusServer.StartAsync(
            directory.Path, new IPEndPoint(IPAddress.Loopback, 0), log, _clock, TestContext.Current.CancellationToken, new Uri(_service.Url));
        await _service.NextAsync();
        await using var other = new SqliteConnection($"Data Source={directory.Below("status.db")};Pooling=False");
        await other.OpenAsync(TestContext.Current.CancellationToken);
        await using SqliteCommand damage = other.CreateCommand();
        damage.CommandText = "ALTER TABLE watchers RENAME TO gone";
        await damage.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        _clock.Advance(Heartbeat.Interval);
        Assert.Contains("no judgement was stored for 1 min", await log.LineAsync("the heartbeat is not sent"), StringComparison.Ordinal);
        Assert.Equal(0, _service.Waiting);
    }

    // The timer is there since before the first call, and keeps a tick that nobody waits for yet. The page's ticker, which judges, runs on the same clock: a second at a time.
    private async Task NextMinuteAsync()
    {
        for (int second = 0; second < 60; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        await _service.NextAsync();
    }
}
