using System.Diagnostics;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Scenarios;

/// <summary>Many connections that do nothing, or only keep themselves alive: how fast they are made, and what each costs the broker.</summary>
/// <param name="options">The task.</param>
internal sealed class IdleRun(BenchOptions options) : IBenchSource
{
    private static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(10);

    private readonly string _run = RunName.Take();
    private readonly BenchErrors _errors = new();
    private readonly BenchConnection?[] _connections = new BenchConnection?[options.Connections];
    private readonly LatencyHistogram[] _latencies = [.. Enumerable.Range(0, options.AtOnce).Select(_ => new LatencyHistogram())];
    private int _next = -1;
    private long _connected;

    /// <summary>Connects all, holds them, measures.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<BenchResult> RunAsync(CancellationToken cancellationToken)
    {
        OpenFileLimit.Check(options.Connections, options.BrokerProcessId);
        await ProbeAsync(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var recorder = new BenchRecorder(options, this);
            recorder.Start();
            long begin = Stopwatch.GetTimestamp();
            Task connecting = Task.WhenAll(_latencies.Select(latency => Task.Run(() => ConnectManyAsync(latency, cancellationToken), cancellationToken)));
            await recorder.RecordUntilAsync(connecting, cancellationToken);
            await connecting;
            TimeSpan took = Stopwatch.GetElapsedTime(begin);
            _ = options.KeepAlive is { } keepAlive ? PingAsync(keepAlive, stop.Token) : Task.CompletedTask;
            await Task.Delay(options.WarmUp, cancellationToken);
            BenchSample connected = BenchSample.Take(options, this);
            await recorder.RecordUntilAsync(Task.Delay(options.Duration, cancellationToken), cancellationToken);
            return MakeResult(recorder.Finish(), took, connected);
        }
        finally
        {
            await stop.CancelAsync();
            Array.ForEach(_connections, connection => connection?.Dispose());
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

    // A broker that is not there, or refuses everybody, is one error rather than thousands. It also makes broker and generator load their code.
    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        using BenchConnection connection = await BenchConnection.OpenAsync(options, new BenchClient($"bench-{_run}"), cancellationToken);
        await connection.DisconnectAsync(cancellationToken);
    }

    private async Task ConnectManyAsync(LatencyHistogram latency, CancellationToken cancellationToken)
    {
        while (Interlocked.Increment(ref _next) is var index && index < options.Connections)
        {
            long begin = Stopwatch.GetTimestamp();
            try
            {
                BenchConnection connection = await BenchConnection.OpenAsync(options, new BenchClient($"bench-{_run}-{index}"), cancellationToken);
                _connections[index] = connection;
                _ = connection.RunAsync(NoPackets.Instance);
                latency.Record(begin, Stopwatch.GetTimestamp());
                Interlocked.Increment(ref _connected);
            }
            catch (Exception exception) when (BenchException.IsConnectionFailure(exception))
            {
                _errors.Add($"connect failed: {BenchException.ReasonOf(exception)}");
            }
        }
    }

    // Spread over the whole interval, as those of a fleet are.
    private async Task PingAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        for (long sent = 0; ;)
        {
            await Task.Delay(PingInterval, cancellationToken);
            for (long due = (long)(Stopwatch.GetElapsedTime(begin) / interval * _connections.Length); sent < due; sent++)
            {
                _connections[sent % _connections.Length]?.Ping();
            }
        }
    }

    private BenchResult MakeResult(BenchMeasurement measurement, TimeSpan took, BenchSample connected)
    {
        foreach (string failure in _connections.Select(connection => connection?.Failure).OfType<string>())
        {
            _errors.Add($"connection lost: {failure}");
        }

        BenchSample end = measurement.End;
        long? memory = end.Broker?.ResidentBytes - measurement.Start.Broker?.ResidentBytes;
        return BenchSummary.Of(options, "connects", measurement, _errors) with
        {
            Connections = options.Connections,
            PerSecond = Math.Round(_connected / took.TotalSeconds),
            WorstSecond = null,
            Idle = new IdleResult(
                memory is { } bytes && _connected > 0 ? Math.Round((double)bytes / _connected) : null,
                BenchSummary.Cores(end.BrokerCpuSince(connected), end.SecondsSince(connected))),
        };
    }

    /// <summary>Nothing is expected.</summary>
    private sealed class NoPackets : IBenchPackets
    {
        public static readonly NoPackets Instance = new();

        public void OnPublish(in PublishPacket packet, long now)
        {
        }

        public void OnAck(AckPacket packet, long now)
        {
        }

        public void OnReadCompleted()
        {
        }
    }
}
