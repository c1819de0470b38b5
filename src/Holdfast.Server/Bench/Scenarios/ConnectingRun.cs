using System.Diagnostics;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Scenarios;

/// <summary>Clients that connect without a pause: how many CONNECTs a second are answered, and how soon.</summary>
/// <param name="options">The task.</param>
/// <param name="unit">What is counted.</param>
/// <param name="connectionsOfEach">How many connections each that connects has open at most.</param>
internal abstract class ConnectingRun(BenchOptions options, string unit, int connectionsOfEach) : IBenchSource
{
    /// <summary>A broker that refuses is not asked again at once, or the errors would be all there is to measure.</summary>
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(10);

    private readonly string _run = RunName.Take();
    private readonly BenchErrors _errors = new();
    private readonly LatencyHistogram[] _latencies = [.. Enumerable.Range(0, options.AtOnce).Select(_ => new LatencyHistogram())];
    private long _connected;

    /// <summary>Connects and connects again, measures.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<BenchResult> RunAsync(CancellationToken cancellationToken)
    {
        OpenFileLimit.Check(connectionsOfEach * options.AtOnce, options.BrokerProcessId);
        using (await BenchConnection.OpenAsync(options, new BenchClient($"bench-{_run}"), cancellationToken))
        {
            // A broker that is not there is an error of the command, not of a connect.
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task storm = Task.WhenAll(Enumerable.Range(0, options.AtOnce).Select(worker => Task.Run(() => ConnectManyAsync(worker, stop.Token), CancellationToken.None)));
        try
        {
            var recorder = new BenchRecorder(options, this);
            await Task.Delay(options.WarmUp, cancellationToken);
            recorder.Start();
            await recorder.RecordUntilAsync(Task.Delay(options.Duration, cancellationToken), cancellationToken);
            BenchResult result = BenchSummary.Of(options, unit, recorder.Finish(), _errors);
            return result with { Connections = options.AtOnce };
        }
        finally
        {
            await stop.CancelAsync();
            await storm.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await CleanUpAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public BenchCounts Count() => new(Interlocked.Read(ref _connected));

    /// <inheritdoc/>
    public LatencyHistogram CollectLatency()
    {
        var all = new LatencyHistogram();
        Array.ForEach(_latencies, all.Add);
        return all;
    }

    /// <summary>Connects once, and reports it.</summary>
    /// <param name="worker">Which of those that connect at the same time, from 0.</param>
    /// <param name="cancellationToken">Ends it.</param>
    protected abstract Task ConnectOnceAsync(int worker, CancellationToken cancellationToken);

    /// <summary>Leaves the broker as it was.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    protected virtual Task CleanUpAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The client of a worker.</summary>
    /// <param name="worker">From 0.</param>
    protected BenchClient Client(int worker) => new($"bench-{_run}-{worker}");

    /// <summary>Reports a connect that was answered just now.</summary>
    /// <param name="worker">From 0.</param>
    /// <param name="begin">When it began, as a time stamp of the stopwatch.</param>
    protected void Answered(int worker, long begin)
    {
        _latencies[worker].Record(begin, Stopwatch.GetTimestamp());
        Interlocked.Increment(ref _connected);
    }

    private async Task ConnectManyAsync(int worker, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ConnectOnceAsync(worker, cancellationToken);
            }
            catch (Exception exception) when (BenchException.IsConnectionFailure(exception))
            {
                _errors.Add($"connect failed: {BenchException.ReasonOf(exception)}");
                await Task.Delay(PauseAfterFailure, cancellationToken);
            }
        }
    }
}
