using System.Diagnostics;
using Holdfast.Mqtt;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Load;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Scenarios;

/// <summary>Publishers and subscribers under load.</summary>
/// <param name="options">The task.</param>
internal sealed class LoadRun(BenchOptions options) : IBenchSource
{
    /// <summary>After the measured time, what is still on its way is waited for as long as some of it arrives, but no longer than this.</summary>
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(20);

    private readonly string _run = RunName.Take();
    private readonly BenchErrors _errors = new();
    private readonly List<BenchPublisher> _publishers = [];
    private readonly List<BenchSubscriber> _subscribers = [];

    /// <summary>Connects, loads, measures.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<BenchResult> RunAsync(CancellationToken cancellationToken)
    {
        BenchPlan plan = BenchPlan.Make(options, _run);
        OpenFileLimit.Check(plan.Publishers.Count + plan.Subscribers.Count, options.BrokerProcessId);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task>();
        try
        {
            await ConnectAllAsync(plan, cancellationToken);
            var recorder = new BenchRecorder(options, this);
            running.AddRange(_subscribers.Select(subscriber => subscriber.Connection.RunAsync(subscriber)));
            running.AddRange(_publishers.Select(publisher => publisher.Connection.RunAsync(publisher)));
            BenchPacer? pacer = options.Rate is { } rate ? new BenchPacer(rate, Stopwatch.GetTimestamp()) : null;
            Task[] load = StartLoad(pacer, stop.Token);
            running.AddRange(load);
            await Task.Delay(options.WarmUp, cancellationToken);
            recorder.Start();
            await recorder.RecordUntilAsync(Task.Delay(options.Duration, cancellationToken), cancellationToken);
            BenchMeasurement measurement = recorder.Finish();
            await stop.CancelAsync();
            _publishers.ForEach(publisher => publisher.Stop());
            Missing missing = await DrainAsync(plan, cancellationToken);
            CountFailures();
            return MakeResult(plan, measurement, pacer, missing);
        }
        finally
        {
            await stop.CancelAsync();
            _publishers.ForEach(publisher => publisher.Connection.Dispose());
            _subscribers.ForEach(subscriber => subscriber.Connection.Dispose());
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public BenchCounts Count()
    {
        long acknowledged = _publishers.Sum(publisher => publisher.Acknowledged);
        long delivered = _subscribers.Sum(subscriber => subscriber.Delivered);
        return new BenchCounts(_subscribers.Count > 0 ? delivered : acknowledged, _publishers.Sum(publisher => publisher.Published), acknowledged, delivered);
    }

    /// <inheritdoc/>
    public LatencyHistogram CollectLatency()
    {
        var all = new LatencyHistogram();
        IEnumerable<LatencyHistogram> histograms = _subscribers.Count > 0
            ? _subscribers.Select(subscriber => subscriber.Latency)
            : _publishers.Select(publisher => publisher.Latency);
        foreach (LatencyHistogram histogram in histograms)
        {
            all.Add(histogram);
        }

        return all;
    }

    private async Task ConnectAllAsync(BenchPlan plan, CancellationToken cancellationToken)
    {
        foreach ((int Index, SubscriberPlan Plan)[] group in plan.Subscribers.Index().Chunk(options.AtOnce))
        {
            _subscribers.AddRange(await Task.WhenAll(group.Select(async entry =>
            {
                BenchConnection connection = await BenchConnection.OpenAsync(options.Of(entry.Index), new BenchClient($"bench-{_run}-s{entry.Index}"), cancellationToken);
                await connection.SubscribeAsync(entry.Plan.Filter, entry.Plan.QualityOfService, cancellationToken);
                return new BenchSubscriber(connection);
            })));
        }

        foreach ((int Index, PublisherPlan Plan)[] group in plan.Publishers.Index().Chunk(options.AtOnce))
        {
            _publishers.AddRange(await Task.WhenAll(group.Select(async entry =>
            {
                BenchConnection connection = await BenchConnection.OpenAsync(options.Of(entry.Index), new BenchClient($"bench-{_run}-p{entry.Index}"), cancellationToken);
                return new BenchPublisher(connection, [.. entry.Plan.Each().Select(plan => new PublishTemplate(plan, options.Version))], options.Window, _errors);
            })));
        }
    }

    private Task[] StartLoad(BenchPacer? pacer, CancellationToken cancellationToken)
        => pacer is null
            ? [.. _publishers.Select(publisher => Task.Run(() => publisher.SaturateAsync(cancellationToken), CancellationToken.None))]
            : [Task.Factory.StartNew(() => pacer.Run(_publishers, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)];

    // Messages that come late belong to the result: who leaves them out measures only the fast ones.
    private async Task<Missing> DrainAsync(BenchPlan plan, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        (Missing last, long lastAt) = (FindMissing(plan), begin);
        while (last != default && Stopwatch.GetElapsedTime(begin) < LongestDrain && Stopwatch.GetElapsedTime(lastAt) < LongestSilence)
        {
            await Task.Delay(DrainInterval, cancellationToken);
            _publishers.ForEach(publisher => publisher.Resume());
            if (FindMissing(plan) is var now && now != last)
            {
                (last, lastAt) = (now, Stopwatch.GetTimestamp());
            }
        }

        return last;
    }

    // The deliveries that are due less those that came; without subscribers, acknowledgements; with a rate, also what could not be sent at all.
    private Missing FindMissing(BenchPlan plan)
    {
        ILookup<bool, BenchPublisher> publishers = _publishers.ToLookup(publisher => publisher.IsAcknowledged);
        long deliveredAtQosZero = _subscribers.Sum(subscriber => subscriber.DeliveredAtQosZero);
        long accepted = publishers[true].Sum(publisher => publisher.Published - publisher.Refused);
        long unacknowledged = accepted - publishers[true].Sum(publisher => publisher.Acknowledged);
        long undelivered = plan.DeliveriesPerMessage == 0
            ? 0
            : (accepted * plan.DeliveriesPerMessage) - (_subscribers.Sum(subscriber => subscriber.Delivered) - deliveredAtQosZero);
        long atQosZero = (publishers[false].Sum(publisher => publisher.Published) * plan.DeliveriesPerMessage) - deliveredAtQosZero;
        return new Missing(
            Math.Max(0, Math.Max(unacknowledged, undelivered)) + publishers[true].Sum(publisher => (long)publisher.Unsent),
            Math.Max(0, atQosZero) + publishers[false].Sum(publisher => (long)publisher.Unsent));
    }

    private void CountFailures()
    {
        IEnumerable<BenchConnection> connections = _publishers.Select(publisher => publisher.Connection).Concat(_subscribers.Select(subscriber => subscriber.Connection));
        foreach (string failure in connections.Select(connection => connection.Failure).OfType<string>())
        {
            _errors.Add($"connection lost: {failure}");
        }
    }

    private BenchResult MakeResult(BenchPlan plan, BenchMeasurement measurement, BenchPacer? pacer, Missing missing)
    {
        bool isMixed = options.Scenario == BenchScenario.Mixed;
        BenchResult result = BenchSummary.Of(options, _subscribers.Count > 0 ? "delivered" : "acknowledged", measurement, _errors);
        return result with
        {
            Publishers = plan.Publishers.Count,
            Subscribers = plan.Subscribers.Count,
            Qos = isMixed ? null : (int)options.QualityOfService,
            PayloadBytes = isMixed ? null : options.PayloadBytes,
            Window = isMixed || options.QualityOfService > QualityOfService.AtMostOnce ? options.Window : null,
            Rate = options.Rate,
            Missing = _publishers.Exists(publisher => publisher.IsAcknowledged) ? missing.Acknowledged : null,
            LostAtQosZero = _subscribers.Count > 0 && _publishers.Exists(publisher => !publisher.IsAcknowledged) ? missing.AtQosZero : null,
            Latency = BenchSummary.LatencyOf(CollectLatency().Since(measurement.Start.Latency)),
            Generator = pacer is null
                ? result.Generator
                : result.Generator with
                {
                    LateP99 = BenchSummary.Milliseconds(pacer.Lateness.Percentile(0.99)),
                    LateMaximum = BenchSummary.Milliseconds(pacer.Lateness.Maximum),
                },
            Shared = options.Scenario == BenchScenario.Shared ? MakeShared() : null,
            Warnings = missing.Acknowledged > 0
                ? [$"{missing.Acknowledged} messages were still missing {LongestSilence.TotalSeconds:0} to {LongestDrain.TotalSeconds:0} s after the end; their latencies are in no figure"]
                : [],
        };
    }

    private SharedResult MakeShared()
    {
        double[] delivered = [.. _subscribers.Select(subscriber => (double)subscriber.Delivered)];
        double all = Math.Max(1, delivered.Sum());
        return new SharedResult(BenchSummary.Round(delivered.Min() / all), BenchSummary.Round(delivered.Max() / all), BenchSummary.FairnessOf(delivered));
    }

    /// <summary>Messages that are due and have not come: above QoS 0, where each is owed, and at QoS 0, where a broker may drop them.</summary>
    private readonly record struct Missing(long Acknowledged, long AtQosZero);
}
