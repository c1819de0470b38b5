using System.Diagnostics;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Load;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Scenarios;

/// <summary>Many topics with a retained message, retrieved by a wildcard subscription again and again.</summary>
/// <param name="options">The task.</param>
internal sealed class RetainedRun(BenchOptions options) : IBenchSource
{
    /// <summary>A retrieval that brings nothing for so long will not be completed.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    /// <summary>Connections that store what will be retrieved.</summary>
    private const int Publishers = 10;

    private readonly string _run = RunName.Take();
    private readonly BenchErrors _errors = new();
    private readonly List<Retriever> _retrievers = [];

    /// <summary>Stores, retrieves, measures, removes.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<BenchResult> RunAsync(CancellationToken cancellationToken)
    {
        BenchResult result;
        try
        {
            long begin = Stopwatch.GetTimestamp();
            await PublishAsync("store", Math.Max(1, options.PayloadBytes), cancellationToken);
            double stored = options.Topics / Stopwatch.GetElapsedTime(begin).TotalSeconds;
            result = await MeasureAsync(Math.Round(stored), cancellationToken);
        }
        finally
        {
            _retrievers.ForEach(retriever => retriever.Connection.Dispose());
            await (options.LeavesRetained ? Task.CompletedTask : RemoveAsync());
        }

        return result with { Errors = _errors.ToList() };
    }

    /// <inheritdoc/>
    public BenchCounts Count()
    {
        long delivered = _retrievers.Sum(retriever => retriever.Delivered);
        return new BenchCounts(delivered, Delivered: delivered);
    }

    /// <inheritdoc/>
    public LatencyHistogram CollectLatency()
    {
        var all = new LatencyHistogram();
        _retrievers.ForEach(retriever => all.Add(retriever.Latency));
        return all;
    }

    private async Task<BenchResult> MeasureAsync(double stored, CancellationToken cancellationToken)
    {
        for (int index = 0; index < options.Subscribers; index++)
        {
            BenchConnection connection = await BenchConnection.OpenAsync(options, new BenchClient($"bench-{_run}-s{index}"), cancellationToken);
            _retrievers.Add(new Retriever(connection, $"bench/{_run}/#", options.QualityOfService, options.Topics));
        }

        var recorder = new BenchRecorder(options, this);
        recorder.Start();
        Task[] reading = [.. _retrievers.Select(retriever => retriever.Connection.RunAsync(retriever))];
        _retrievers.ForEach(retriever => retriever.Begin());
        Task end = Task.WhenAny(Task.Delay(options.Duration, cancellationToken), Task.WhenAll(reading));
        await recorder.RecordUntilAsync(end, cancellationToken);
        BenchMeasurement measurement = recorder.Finish();
        foreach (Retriever retriever in _retrievers)
        {
            CountFailure(retriever);
        }

        return BenchSummary.Of(options, "retrieved", measurement, _errors) with
        {
            Subscribers = options.Subscribers,
            Qos = (int)options.QualityOfService,
            PayloadBytes = options.PayloadBytes,
            Retained = new RetainedResult(options.Topics, stored, measurement.End.Latency.Count),
        };
    }

    private void CountFailure(Retriever retriever)
    {
        if (retriever.Connection.Failure is { } failure)
        {
            _errors.Add($"connection lost: {failure}");
        }
        else if (retriever.SinceProgress > LongestSilence)
        {
            _errors.Add($"a retrieval was not complete after {LongestSilence.TotalSeconds:0} s of silence");
        }
    }

    // A retained message without a payload removes the one that is there.
    private async Task RemoveAsync()
    {
        try
        {
            await PublishAsync("remove", 0, CancellationToken.None);
        }
        catch (Exception exception) when (BenchException.IsConnectionFailure(exception))
        {
            _errors.Add($"removing the retained messages failed: {BenchException.ReasonOf(exception)}");
        }
    }

    private Task PublishAsync(string purpose, int payloadBytes, CancellationToken cancellationToken)
        => Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Task.Run(
            () => BulkPublisher.PublishAsync(
                options,
                $"bench-{_run}-{purpose}-{publisher}",
                Enumerable.Range(0, options.Topics).Where(index => index % Publishers == publisher).Select(index => new PublishTemplate(
                    new PublisherPlan($"bench/{_run}/{index / 100}/{index % 100}", QualityOfService.AtLeastOnce, payloadBytes), options.Version, retain: true)),
                _errors,
                cancellationToken),
            cancellationToken)));

    /// <summary>Subscribes again whenever it has got everything; MQTT sends the retained messages each time [MQTT-3.8.4-3].</summary>
    private sealed class Retriever(BenchConnection connection, string filter, QualityOfService qualityOfService, int topics) : IBenchPackets
    {
        private readonly ReadOnlyMemory<byte> _subscribe = connection.EncodeSubscribe(filter, qualityOfService);
        private long _delivered;
        private long _begunAt;
        private long _progressAt = Stopwatch.GetTimestamp();
        private int _received;

        public BenchConnection Connection => connection;

        public long Delivered => Volatile.Read(ref _delivered);

        public TimeSpan SinceProgress => Stopwatch.GetElapsedTime(Volatile.Read(ref _progressAt));

        /// <summary>From SUBSCRIBE to the last message of it.</summary>
        public LatencyHistogram Latency { get; } = new();

        public void Begin()
        {
            lock (connection.Gate)
            {
                Subscribe(Stopwatch.GetTimestamp());
            }

            connection.Flush();
        }

        public void OnPublish(in PublishPacket packet, long now)
        {
            Volatile.Write(ref _delivered, _delivered + 1);
            Volatile.Write(ref _progressAt, now);
            Answers.Answer(connection, in packet);
            if (++_received == topics)
            {
                Latency.Record(_begunAt, now);
                Subscribe(now);
            }
        }

        public void OnAck(AckPacket packet, long now) => Answers.Answer(connection, packet);

        public void OnReadCompleted()
        {
        }

        private void Subscribe(long now)
        {
            _received = 0;
            _begunAt = now;
            connection.Write(_subscribe.Span);
        }
    }
}
