using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Measuring;

namespace Holdfast.Server.Bench.Memory;

/// <summary>Runs loads one after another and reads the broker's resident memory around each step.</summary>
/// <param name="options">Where the broker is; its process is known.</param>
/// <param name="hold">How long each step stands before it is measured.</param>
/// <param name="progress">Told of each step.</param>
internal sealed class MemoryRun(BenchOptions options, TimeSpan hold, Action<string> progress)
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(200);

    private readonly List<MemoryFigure> _figures = [];

    /// <summary>Runs the loads.</summary>
    /// <param name="loads">The loads; each is disposed of before the next begins.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="BenchException">The broker's process is gone, or refused something.</exception>
    public async Task<MemoryResult> RunAsync(IEnumerable<MemoryLoad> loads, CancellationToken cancellationToken)
    {
        foreach (MemoryLoad load in loads)
        {
            using (load)
            {
                try
                {
                    foreach (MemoryStep step in load.Steps)
                    {
                        _figures.Add(await MeasureAsync(step, cancellationToken));
                        progress(Format(_figures[^1]));
                    }
                }
                finally
                {
                    await load.CleanUpAsync();
                }
            }

            // The broker notices the closed connections of this load before the next is measured.
            await Task.Delay(hold, cancellationToken);
        }

        return new MemoryResult($"{options.Host}:{options.Port}", _figures);
    }

    /// <summary>A figure as a line of a table.</summary>
    /// <param name="figure">The figure.</param>
    public static string Format(MemoryFigure figure)
        => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{figure.Count,9:N0} {figure.Name}: RSS {figure.ResidentBefore / 1e6:0} MB before, {figure.ResidentAfter / 1e6:0} MB after, {figure.ResidentPeak / 1e6:0} MB at most; {figure.BytesEach / 1e3:0.###} kB each");

    private async Task<MemoryFigure> MeasureAsync(MemoryStep step, CancellationToken cancellationToken)
    {
        OpenFileLimit.Check(step.Connections, options.BrokerProcessId);
        long before = Resident();
        long peak = before;
        Task loading = LoadAsync(step, cancellationToken);
        using var timer = new PeriodicTimer(SampleInterval);
        while (!loading.IsCompleted)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            peak = Math.Max(peak, Resident());
        }

        await loading;
        long after = Resident();
        return new MemoryFigure(step.Name, step.Count, before, after, Math.Max(peak, after), Math.Round((double)(after - before) / step.Count));
    }

    private async Task LoadAsync(MemoryStep step, CancellationToken cancellationToken)
    {
        await step.LoadAsync(cancellationToken);
        await Task.Delay(hold, cancellationToken);
    }

    private long Resident()
        => ProcessUsage.Read(options.BrokerProcessId!.Value)?.ResidentBytes ?? throw new BenchException($"the broker's process {options.BrokerProcessId} is gone");
}
