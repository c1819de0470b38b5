using Holdfast.Log.Segments;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Log.Tests.Segments;

/// <summary>Opens logs on a simulated disk.</summary>
internal static class SimulatedLog
{
    public const string Directory = "/simulated";

    public static SegmentLogOptions Options { get; } = new()
    {
        Directory = Directory,
        PartitionCount = 4,
        SegmentBytes = 16 * 1024,
        MinimumFreeBytes = 0,
        ReserveBytes = 0,
        TailCacheBytes = 0,
    };

    public static Task<SegmentLog> OpenAsync(SimulatedDisk disk, SegmentLogOptions? options = null, ILogger? logger = null)
        => SegmentLog.OpenAsync((options ?? Options) with { Logger = logger ?? NullLogger.Instance }, disk, CancellationToken.None);

    /// <summary>The newest segment file.</summary>
    public static string NewestSegment(SimulatedDisk disk) => disk.Files(".segment").Last(f => disk[f].Any(b => b != 0));
}

/// <summary>Keeps what was logged.</summary>
internal sealed class LogLines : ILogger
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
        {
            _lines.Add(formatter(state, exception));
        }
    }
}
