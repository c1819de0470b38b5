using Holdfast.Broker.Limits;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Broker.Tests.Limits;

public sealed class RefusalLogTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly List<string> _lines = [];

    [Fact]
    public void A_million_refusals_are_two_lines_and_the_first_after_a_rest_is_told_at_once()
    {
        var log = new RefusalLog(_time, new Lines(_lines));
        for (var count = 0; count < 1_000_000; count++)
        {
            log.Note("connect", "QuotaExceeded", "192.0.2.1: too many.");
        }

        log.Tell();
        Assert.Contains("192.0.2.1: too many.", Assert.Single(_lines), StringComparison.Ordinal);

        _time.Advance(RefusalLog.Interval);
        log.Tell();
        Assert.Contains("999999 more", _lines[1], StringComparison.Ordinal);

        _time.Advance(RefusalLog.Interval);
        log.Tell();
        Assert.Equal(2, _lines.Count);
        log.Note("connect", "QuotaExceeded", "192.0.2.2: too many.");
        Assert.Contains("192.0.2.2", _lines[2], StringComparison.Ordinal);
    }

    private sealed class Lines(List<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Add(formatter(state, exception));
    }
}
