using System.Diagnostics;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Scenarios;

/// <summary>Clients that connect and disconnect without a pause: how many CONNECTs a second are answered.</summary>
/// <param name="options">The task.</param>
internal sealed class ConnectStormRun(BenchOptions options) : IBenchSource
{
    /// <summary>A broker that refuses is not asked again at once, or the errors would be all there is to measure.</summary>
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(10);

    private readonly string _run = RunName.Take();
    private readonly BenchErrors _errors = new();
    private readonly LatencyHistogram[] _latencies = [.. Enumerable.Range(0, options.AtOnce).Select(_ => new LatencyHistogram())];
    private long _connected;

    /// <summary>Connects and disconnects, measures.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<BenchResult> RunAsync(CancellationToken cancellationToken)
    {
        OpenFileLimit.Check(options.AtOnce, options.BrokerProcessId);
        using (await BenchConnection.OpenAsync(options, new BenchClient($"bench-{_run}"), cancellationToken))
        {
            // A broker that is not there is an error of the command, not of a connect.
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task storm = Task.WhenAll(_latencies.Index().Select(worker => Task.Run(() => ConnectManyAsync(worker.Index, worker.Item, stop.Token), CancellationToken.None)));
        try
        {
            var recorder = new BenchRecorder(options, this);
            await Task.Delay(options.WarmUp, cancellationToken);
            recorder.Start();
            await recorder.RecordUntilAsync(Task.Delay(options.Duration, cancellationToken), cancellationToken);
            BenchResult result = BenchSummary.Of(options, "connects", recorder.Finish(), _errors);
            return result with { Connections = options.AtOnce };
        }
        finally
        {
            await stop.CancelAsync();
            await storm.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

    private async Task ConnectManyAsync(int index, LatencyHistogram latency, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            long begin = Stopwatch.GetTimestamp();
            try
            {
                using BenchConnection connection = await BenchConnection.OpenAsync(options, new BenchClient($"bench-{_run}-{index}"), cancellationToken);
                latency.Record(begin, Stopwatch.GetTimestamp());
                Interlocked.Increment(ref _connected);
                await connection.DisconnectAsync(cancellationToken);
            }
            catch (Exception exception) when (BenchException.IsConnectionFailure(exception))
            {
                _errors.Add($"connect failed: {BenchException.ReasonOf(exception)}");
                await Task.Delay(PauseAfterFailure, cancellationToken);
            }
        }
    }
}
