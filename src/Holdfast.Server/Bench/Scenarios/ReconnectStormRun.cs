using System.Diagnostics;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Load;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Scenarios;

/// <summary>
/// Sessions with waiting messages whose clients all come back at the same moment. Every client's time counts from that moment, not from when the
/// generator got round to it.
/// </summary>
/// <param name="options">The task.</param>
internal sealed class ReconnectStormRun(BenchOptions options) : IBenchSource
{
    /// <summary>Connections that publish what will wait.</summary>
    private const int Feeders = 10;

    private readonly string _run = RunName.Take();
    private readonly BenchErrors _errors = new();
    private ReturningClient[] _clients = [];

    /// <summary>Prepares the sessions, brings the clients back, measures, removes the sessions.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<BenchResult> RunAsync(CancellationToken cancellationToken)
    {
        OpenFileLimit.Check(options.Connections, options.BrokerProcessId);
        BenchResult result;
        try
        {
            await ForEachSessionAsync(PrepareAsync, cancellationToken);
            await FeedAsync(cancellationToken);
            result = await MeasureAsync(cancellationToken);
        }
        finally
        {
            Array.ForEach(_clients, client => client.Dispose());
            await ForEachSessionAsync(RemoveAsync, CancellationToken.None);
        }

        return result with { Errors = _errors.ToList() };
    }

    /// <inheritdoc/>
    public BenchCounts Count()
    {
        long delivered = _clients.Sum(client => client.Delivered);
        return new BenchCounts(delivered, Delivered: delivered);
    }

    /// <inheritdoc/>
    public LatencyHistogram CollectLatency()
    {
        var all = new LatencyHistogram();
        foreach (ReturningClient client in _clients)
        {
            if (client.DrainedAfter is { } time)
            {
                all.Record(time);
            }
        }

        return all;
    }

    private async Task<BenchResult> MeasureAsync(CancellationToken cancellationToken)
    {
        var recorder = new BenchRecorder(options, this);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Duration);
        long begin = Stopwatch.GetTimestamp();
        _clients = [.. Enumerable.Range(0, options.Connections).Select(index => new ReturningClient(ClientOf(index) with { CleanStart = false }, options.Waiting, begin))];
        recorder.Start();
        Task connecting = Task.WhenAll(_clients.Select(client => client.ConnectAsync(options, _errors, limit.Token)));
        Task draining = Task.WhenAll(_clients.Select(client => client.Drained));
        await recorder.RecordUntilAsync(Task.WhenAny(draining, Task.Delay(Timeout.Infinite, limit.Token)), cancellationToken);
        await connecting;
        BenchMeasurement measurement = recorder.Finish();
        double[] seconds = [.. _clients.Select(client => client.DrainedAfter?.TotalSeconds).OfType<double>()];
        long missing = ((long)options.Connections * options.Waiting) - measurement.End.Counts.Done;
        CountFailures();
        return BenchSummary.Of(options, "drained", measurement, _errors) with
        {
            Connections = options.Connections,
            Qos = (int)options.QualityOfService,
            PayloadBytes = options.PayloadBytes,
            WorstSecond = null,
            Missing = Math.Max(0, missing),
            Reconnect = new ReconnectResult(
                options.Waiting,
                BenchSummary.Round(_clients.Max(client => client.ConnectedAfter?.TotalSeconds) ?? 0),
                BenchSummary.Round(seconds.DefaultIfEmpty(0).Max()),
                BenchSummary.FairnessOf([.. _clients.Select(client => client.DrainedAfter is { Ticks: > 0 } time ? options.Waiting / time.TotalSeconds : 0)])),
            Warnings = missing > 0 ? [$"{missing} waiting messages did not arrive within {options.Duration.TotalSeconds:0} s (--seconds)"] : [],
        };
    }

    private void CountFailures()
    {
        foreach (string failure in _clients.Select(client => client.Failure).OfType<string>())
        {
            _errors.Add($"connection lost: {failure}");
        }
    }

    private BenchClient ClientOf(int index) => new($"bench-{_run}-r{index}") { KeepSession = true };

    private string TopicOf(int index) => $"bench/{_run}/{index}";

    private async Task ForEachSessionAsync(Func<int, CancellationToken, Task> action, CancellationToken cancellationToken)
        => await Parallel.ForEachAsync(
            Enumerable.Range(0, options.Connections),
            new ParallelOptions { MaxDegreeOfParallelism = options.AtOnce, CancellationToken = cancellationToken },
            async (index, token) => await action(index, token));

    private async Task PrepareAsync(int index, CancellationToken cancellationToken)
    {
        using BenchConnection connection = await BenchConnection.OpenAsync(options, ClientOf(index), cancellationToken);
        await connection.SubscribeAsync(TopicOf(index), options.QualityOfService, cancellationToken);
        await connection.DisconnectAsync(cancellationToken);
    }

    // What the run kept at the broker goes with it, also when the run failed halfway.
    private async Task RemoveAsync(int index, CancellationToken cancellationToken)
    {
        try
        {
            using BenchConnection connection = await BenchConnection.OpenAsync(options, new BenchClient(ClientOf(index).ClientId), cancellationToken);
            await connection.DisconnectAsync(cancellationToken);
        }
        catch (Exception exception) when (BenchException.IsConnectionFailure(exception))
        {
            _errors.Add($"removing a session failed: {BenchException.ReasonOf(exception)}");
        }
    }

    // Round by round over the sessions, as events of a fleet come; each feeder has sessions of its own.
    private Task FeedAsync(CancellationToken cancellationToken)
        => Task.WhenAll(Enumerable.Range(0, Feeders).Select(feeder =>
        {
            PublishTemplate[] templates =
            [
                .. Enumerable.Range(0, options.Connections).Where(index => index % Feeders == feeder)
                    .Select(index => new PublishTemplate(new PublisherPlan(TopicOf(index), options.QualityOfService, options.PayloadBytes), options.Version)),
            ];
            return BulkPublisher.PublishAsync(
                options, $"bench-{_run}-f{feeder}", Enumerable.Range(0, options.Waiting).SelectMany(_ => templates), _errors, cancellationToken);
        }));

    /// <summary>A client that comes back for its messages.</summary>
    private sealed class ReturningClient(BenchClient client, int waiting, long begin) : IBenchPackets, IDisposable
    {
        private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private BenchConnection? _connection;
        private long _delivered;

        public Task Drained => _drained.Task;

        public long Delivered => Volatile.Read(ref _delivered);

        public TimeSpan? ConnectedAfter { get; private set; }

        public TimeSpan? DrainedAfter { get; private set; }

        public string? Failure => _connection?.Failure;

        public async Task ConnectAsync(BenchOptions options, BenchErrors errors, CancellationToken cancellationToken)
        {
            try
            {
                _connection = await BenchConnection.OpenAsync(options, client, cancellationToken);
                ConnectedAfter = Stopwatch.GetElapsedTime(begin);
                _ = _connection.RunAsync(this);
            }
            catch (Exception exception) when (BenchException.IsConnectionFailure(exception))
            {
                errors.Add($"connect failed: {BenchException.ReasonOf(exception)}");
            }
            catch (OperationCanceledException)
            {
                errors.Add("connect failed: no CONNACK until the end");
            }
        }

        public void OnPublish(in PublishPacket packet, long now)
        {
            Volatile.Write(ref _delivered, _delivered + 1);
            if (_delivered == waiting)
            {
                DrainedAfter = Stopwatch.GetElapsedTime(begin, now);
                _drained.TrySetResult();
            }

            Answers.Answer(_connection!, in packet);
        }

        public void OnAck(AckPacket packet, long now) => Answers.Answer(_connection!, packet);

        public void OnReadCompleted()
        {
        }

        public void Dispose() => _connection?.Dispose();
    }
}
