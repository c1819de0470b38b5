using System.Diagnostics.Metrics;
using Holdfast.Integrations.Delivery;
using Holdfast.Log.State;

namespace Holdfast.Integrations;

/// <summary>The integrations that this node runs. Changes are made by one caller at a time; anyone may look.</summary>
internal sealed class IntegrationRunner : IDisposable
{
    private readonly IntegrationEnvironment _environment;
    private readonly IntegrationMetrics _metrics;
    private readonly Random _seeds;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(string Product, string Name), RunningIntegration> _running = new(IntegrationKeyComparer.Instance);
    private readonly Dictionary<(string Product, string Name), DeadLetterList> _deadLetters = [];

    public IntegrationRunner(IntegrationEnvironment environment)
    {
        _environment = environment;
        _seeds = new Random(environment.Seed);
        _metrics = new IntegrationMetrics(MeasureBehind, MeasureBehindBytes, MeasureOldestWaitingAge, MeasureConnected);
    }

    /// <summary>One that runs, or null.</summary>
    public RunningIntegration? Find(string product, string name)
    {
        lock (_lock)
        {
            return _running.GetValueOrDefault((product, name));
        }
    }

    /// <summary>All that run.</summary>
    public RunningIntegration[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _running.Values];
        }
    }

    /// <summary>Starts an integration from its stored cursor. A paused one delivers nothing.</summary>
    /// <param name="plan">The integration.</param>
    /// <param name="stored">What is stored of it.</param>
    /// <param name="interest">Its interest in QoS 0 messages, when that was registered before; else null.</param>
    public async ValueTask<RunningIntegration> StartAsync(IntegrationPlan plan, StoredIntegration stored, IDisposable? interest = null)
    {
        interest ??= plan.WantsEvents ? _environment.Interest.Add(stored.Product, stored.Filter) : NoInterest.Instance;
        var deadLetters = await DeadLettersAsync(plan.Product, plan.Settings.Replay?.Of ?? plan.Name).ConfigureAwait(false);
        var work = plan.Kind.CreateWork(plan, _environment, new WorkTools(deadLetters, _metrics, new Random(_seeds.Next())));
        var loop = new IntegrationLoop(_environment, stored, work.Job, new Random(_seeds.Next()), _metrics);
        var running = new RunningIntegration(plan, stored.CreatedAt, loop, work.Link, interest, deadLetters);
        lock (_lock)
        {
            _running.Add((stored.Product, stored.Name), running);
        }

        running.Start();
        return running;
    }

    /// <summary>Stops integrations: attempts in flight may finish within the grace, then the exact cursors are saved.</summary>
    public async Task StopAsync(IReadOnlyCollection<RunningIntegration> stopping)
    {
        await Task.WhenAll(stopping.Select(running => running.StopAsync())).ConfigureAwait(false);
        foreach (var running in stopping)
        {
            await ForgetAsync(running).ConfigureAwait(false);
        }
    }

    /// <summary>Ends an integration at once, without saving its cursor.</summary>
    public async Task AbandonAsync(RunningIntegration running)
    {
        await running.AbandonAsync().ConfigureAwait(false);
        await ForgetAsync(running).ConfigureAwait(false);
    }

    /// <summary>The dead letters of an integration, which it shares with its replays.</summary>
    public async ValueTask<DeadLetterList> DeadLettersAsync(string product, string name)
    {
        DeadLetterList? list;
        lock (_lock)
        {
            if (_deadLetters.TryGetValue((product, name), out list))
            {
                return list;
            }

            _deadLetters[(product, name)] = list = new DeadLetterList(_environment, product, name);
        }

        await list.CountAsync(CancellationToken.None).ConfigureAwait(false);
        return list;
    }

    /// <summary>Forgets the count of the dead letters of an integration that was removed.</summary>
    public void ForgetDeadLetters(string product, string name)
    {
        lock (_lock)
        {
            _deadLetters.Remove((product, name));
        }
    }

    public void Dispose() => _metrics.Dispose();

    private async Task ForgetAsync(RunningIntegration running)
    {
        lock (_lock)
        {
            _running.Remove((running.Plan.Product, running.Plan.Name));
        }

        await running.DisposeAsync().ConfigureAwait(false);
    }

    private IEnumerable<Measurement<long>> MeasureBehind()
        => Snapshot().Select(running => new Measurement<long>(running.Loop.Behind, running.Tags));

    private IEnumerable<Measurement<long>> MeasureBehindBytes()
        => Snapshot().Select(running => new Measurement<long>(running.Loop.BehindBytes, running.Tags));

    private IEnumerable<Measurement<double>> MeasureOldestWaitingAge()
    {
        var now = _environment.TimeProvider.GetUtcNow();
        return Snapshot().Select(running
            => new Measurement<double>(running.Loop.OldestWaiting is { } oldest ? (now - oldest).TotalSeconds : 0, running.Tags));
    }

    private IEnumerable<Measurement<int>> MeasureConnected()
        => Snapshot().Where(running => running.Link is not null)
            .Select(running => new Measurement<int>(running.Link!.Status.IsConnected ? 1 : 0, running.Tags));

    private sealed class NoInterest : IDisposable
    {
        public static readonly NoInterest Instance = new();

        public void Dispose()
        {
            // Nothing was registered.
        }
    }
}
