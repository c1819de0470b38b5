using Holdfast.Log.Segments;
using Holdfast.Testing.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>What a process that starts does without a primary.</summary>
public sealed class PatientStartTests(SharedServer shared)
{
    [Fact]
    public async Task A_start_waits_for_a_server_that_starts_later_and_says_so()
    {
        using var server = PostgresServer.Create();
        server.Kill();
        var lines = new FirstWarning();
        var opening = PostgresPartitionLog.OpenAsync(SharedServer.OptionsFor(server) with { WaitsForPrimary = true, Logger = lines }, Logs.Cancellation);

        Assert.Contains("127.0.0.1", await lines.Text.WaitAsync(TimeSpan.FromSeconds(60), Logs.Cancellation), StringComparison.Ordinal);
        Assert.False(opening.IsCompleted);

        server.Start();
        await using var log = await opening.WaitAsync(TimeSpan.FromSeconds(60), Logs.Cancellation);
        Assert.NotEmpty(log.Incarnation);
    }

    [Fact]
    public async Task A_start_that_waits_is_ended_by_its_token()
    {
        using var server = PostgresServer.Create();
        server.Kill();
        var lines = new FirstWarning();
        using var stop = new CancellationTokenSource();
        var opening = PostgresStateStore.OpenAsync(SharedServer.OptionsFor(server) with { WaitsForPrimary = true, Logger = lines }, stop.Token);
        await lines.Text.WaitAsync(TimeSpan.FromSeconds(60), Logs.Cancellation);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening.WaitAsync(TimeSpan.FromSeconds(60), Logs.Cancellation));
    }

    [Theory]
    [InlineData("Database=nowhere", "nowhere")]
    [InlineData("Username=nobody", "nobody")]
    public async Task What_no_waiting_mends_is_an_error_at_once(string wrong, string named)
    {
        var options = SharedServer.OptionsFor(shared.Server);
        options = options with { ConnectionString = new NpgsqlConnectionStringBuilder($"{options.ConnectionString};{wrong}").ConnectionString, WaitsForPrimary = true };

        var error = await Assert.ThrowsAsync<StoreUnusableException>(
            () => PostgresPartitionLog.OpenAsync(options, Logs.Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Logs.Cancellation));

        Assert.Contains($"\"{named}\"", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Remembers the first warning.</summary>
    private sealed class FirstWarning : ILogger
    {
        private readonly TaskCompletionSource<string> _text = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Text => _text.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
            {
                _text.TrySetResult(formatter(state, exception));
            }
        }
    }
}
