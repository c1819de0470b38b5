using System.Diagnostics;
using System.Net.Sockets;

namespace Holdfast.Server.Bench;

/// <summary>Runs a scenario against a broker.</summary>
/// <param name="options">The task.</param>
internal sealed class BenchRun(BenchOptions options)
{
    private const int ConnectsAtOnce = 100;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>What is left at the end is no second by itself; it joins none.</summary>
    private static readonly TimeSpan ShortestSlice = TimeSpan.FromSeconds(0.5);

    private readonly string _run = Guid.NewGuid().ToString("N")[..8];
    private readonly BenchRecording _recording = new();
    private readonly List<BenchPublisher> _publishers = [];
    private readonly List<BenchSubscriber> _subscribers = [];

    /// <summary>Connects, loads, measures.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="InvalidDataException">The broker refused, or does not speak MQTT.</exception>
    /// <exception cref="SocketException">The broker cannot be reached.</exception>
    public async Task<BenchResult> RunAsync(CancellationToken cancellationToken)
    {
        BenchPlan plan = BenchPlan.Make(options, _run);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task>();
        try
        {
            await ConnectAllAsync(plan, cancellationToken);
            running.AddRange(_subscribers.Select(subscriber => subscriber.Connection.RunAsync(subscriber, stop.Token)));
            running.AddRange(_publishers.Select(publisher => publisher.Connection.RunAsync(publisher, stop.Token)));
            running.AddRange(StartLoad(stop.Token));
            BenchResult result = await MeasureAsync(plan, cancellationToken);
            _publishers.ForEach(publisher => publisher.Stop());
            await stop.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return WithLatency(result);
        }
        finally
        {
            await stop.CancelAsync();
            _publishers.ForEach(publisher => publisher.Connection.Dispose());
            _subscribers.ForEach(subscriber => subscriber.Connection.Dispose());
        }
    }

    private async Task ConnectAllAsync(BenchPlan plan, CancellationToken cancellationToken)
    {
        string[] filters = [.. plan.SubscriberFilters];
        foreach ((int Index, string Filter)[] group in filters.Index().Chunk(ConnectsAtOnce))
        {
            _subscribers.AddRange(await Task.WhenAll(group.Select(async entry =>
            {
                BenchConnection connection = await ConnectAsync($"bench-{_run}-s{entry.Index}", cancellationToken);
                await connection.SubscribeAsync(entry.Filter, options.QualityOfService, cancellationToken);
                return new BenchSubscriber(connection, _recording);
            })));
        }

        string[] topics = [.. plan.PublisherTopics];
        foreach ((int Index, string Topic)[] group in topics.Index().Chunk(ConnectsAtOnce))
        {
            _publishers.AddRange(await Task.WhenAll(group.Select(async entry =>
            {
                BenchConnection connection = await ConnectAsync($"bench-{_run}-p{entry.Index}", cancellationToken);
                var template = new PublishTemplate(entry.Topic, options.QualityOfService, options.PayloadBytes, options.Version);
                return new BenchPublisher(connection, template, options, _recording);
            })));
        }
    }

    private async Task<BenchConnection> ConnectAsync(string clientId, CancellationToken cancellationToken)
    {
        var connection = new BenchConnection(options.Version);
        try
        {
            await connection.ConnectAsync(options, clientId, cancellationToken);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private IEnumerable<Task> StartLoad(CancellationToken cancellationToken)
    {
        if (options.Scenario == BenchScenario.Paced)
        {
            var pacer = new BenchPacer(options.Rate, Stopwatch.GetTimestamp());
            return [Task.Factory.StartNew(() => pacer.Run(_publishers, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)];
        }

        return [.. _publishers.Select(publisher => Task.Run(() => publisher.SaturateAsync(cancellationToken), CancellationToken.None))];
    }

    private async Task<BenchResult> MeasureAsync(BenchPlan plan, CancellationToken cancellationToken)
    {
        await Task.Delay(options.WarmUp, cancellationToken);
        _recording.IsOn = true;
        Snapshot start = Snapshot.Take(this);
        Snapshot last = start;
        double worst = double.MaxValue;
        while (Stopwatch.GetElapsedTime(start.At) is var elapsed && elapsed < options.Duration)
        {
            TimeSpan left = options.Duration - elapsed;
            await Task.Delay(left < Second ? left : Second, cancellationToken);
            Snapshot now = Snapshot.Take(this);
            TimeSpan slice = Stopwatch.GetElapsedTime(last.At, now.At);
            if (slice >= ShortestSlice || last == start)
            {
                worst = Math.Min(worst, (now.Messages - last.Messages) / slice.TotalSeconds);
                last = now;
            }
        }

        _recording.IsOn = false;
        return MakeResult(plan, start, last, worst);
    }

    private BenchResult MakeResult(BenchPlan plan, Snapshot start, Snapshot end, double worst)
    {
        double seconds = Stopwatch.GetElapsedTime(start.At, end.At).TotalSeconds;
        long messages = end.Messages - start.Messages;
        string[] failures = [.. _publishers.Select(publisher => publisher.Connection.Failure).Concat(_subscribers.Select(subscriber => subscriber.Connection.Failure)).OfType<string>()];
        return new BenchResult
        {
            Scenario = BenchArguments.NameOf(options.Scenario),
            Broker = $"{options.Host}:{options.Port}",
            Qos = (int)options.QualityOfService,
            PayloadBytes = options.PayloadBytes,
            Window = options.Window,
            Publishers = plan.PublisherTopics.Count,
            Subscribers = plan.SubscriberFilters.Count,
            Seconds = Math.Round(seconds, 3),
            Published = end.Published - start.Published,
            Acknowledged = end.Acknowledged - start.Acknowledged,
            Delivered = end.Delivered - start.Delivered,
            MessagesPerSecond = Math.Round(messages / seconds),
            WorstSecond = Math.Round(worst),
            BrokerCpuMicrosecondsPerMessage = PerMessage(end.Broker?.Cpu - start.Broker?.Cpu, messages),
            BrokerResidentBytes = end.Broker?.ResidentBytes,
            BrokerPeakResidentBytes = end.Broker?.PeakResidentBytes,
            GeneratorCpuMicrosecondsPerMessage = PerMessage(end.OwnCpu - start.OwnCpu, messages) ?? 0,
            ConnectionsLost = failures.Length,
            FirstFailure = failures.FirstOrDefault(),
        };
    }

    // The histograms are read once nothing records into them any more.
    private BenchResult WithLatency(BenchResult result)
    {
        var all = new LatencyHistogram();
        IEnumerable<LatencyHistogram> histograms = _subscribers.Count > 0
            ? _subscribers.Select(subscriber => subscriber.Latency)
            : _publishers.Select(publisher => publisher.Latency);
        foreach (LatencyHistogram histogram in histograms)
        {
            all.Add(histogram);
        }

        return result with { Latency = LatencyResult.Of(all) };
    }

    private static double? PerMessage(TimeSpan? cpu, long messages)
        => cpu is { } time && messages > 0 ? Math.Round(time.TotalMicroseconds / messages, 3) : null;

    private readonly record struct Snapshot(long At, long Published, long Acknowledged, long Delivered, bool HasSubscribers, TimeSpan OwnCpu, ProcessUsage? Broker)
    {
        public long Messages => HasSubscribers ? Delivered : Acknowledged;

        public static Snapshot Take(BenchRun run)
        {
            using var self = Process.GetCurrentProcess();
            return new Snapshot(
                Stopwatch.GetTimestamp(),
                run._publishers.Sum(publisher => publisher.Published),
                run._publishers.Sum(publisher => publisher.Acknowledged),
                run._subscribers.Sum(subscriber => subscriber.Delivered),
                run._subscribers.Count > 0,
                self.TotalProcessorTime,
                run.ReadBrokerUsage());
        }
    }

    private ProcessUsage? ReadBrokerUsage() => options.BrokerProcessId is { } id ? ProcessUsage.Read(id) : null;
}
