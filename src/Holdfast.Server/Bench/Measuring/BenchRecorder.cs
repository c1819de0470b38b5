namespace Holdfast.Server.Bench.Measuring;

/// <summary>Samples a running scenario every second.</summary>
/// <param name="options">What to watch beside the scenario.</param>
/// <param name="source">The scenario.</param>
internal sealed class BenchRecorder(BenchOptions options, IBenchSource source)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>What is left at the end is no second by itself: it counts in the totals only.</summary>
    private static readonly TimeSpan ShortestSecond = TimeSpan.FromSeconds(0.5);

    private readonly List<BenchSample> _samples = [];
    private readonly int? _openFilesAtStart = CountOpenFiles(options);

    /// <summary>Takes the first sample.</summary>
    public void Start() => _samples.Add(BenchSample.Take(options, source));

    /// <summary>Samples every second until something ends.</summary>
    /// <param name="end">What ends it; its failure is the caller's.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task RecordUntilAsync(Task end, CancellationToken cancellationToken)
    {
        while (!end.IsCompleted)
        {
            await Task.WhenAny(end, Task.Delay(Second, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
            _samples.Add(BenchSample.Take(options, source));
        }
    }

    /// <summary>What was recorded.</summary>
    public BenchMeasurement Finish()
    {
        BenchSample[] whole = [.. _samples];
        if (_samples.Count > 2 && _samples[^1].SecondsSince(_samples[^2]) < ShortestSecond.TotalSeconds)
        {
            _samples.RemoveAt(_samples.Count - 1);
        }

        return new BenchMeasurement(whole[0], whole[^1], _samples) { OpenFilesAtStart = _openFilesAtStart, OpenFilesAtEnd = CountOpenFiles(options) };
    }

    private static int? CountOpenFiles(BenchOptions options) => options.BrokerProcessId is { } id ? ProcessUsage.CountOpenFiles(id) : null;
}

/// <summary>Samples of a run.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">The last.</param>
/// <param name="Samples">One a second, from the first on.</param>
internal sealed record BenchMeasurement(BenchSample Start, BenchSample End, IReadOnlyList<BenchSample> Samples)
{
    /// <summary>The broker's open files when the recorder was made; null when not known.</summary>
    public int? OpenFilesAtStart { get; init; }

    /// <summary>The broker's open files at the end; null when not known.</summary>
    public int? OpenFilesAtEnd { get; init; }

    /// <summary>The measured time in seconds.</summary>
    public double Seconds => End.SecondsSince(Start);
}
