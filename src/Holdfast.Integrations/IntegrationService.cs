using System.Diagnostics.Metrics;
using System.Text.Json;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Webhooks;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations;

/// <summary>
/// Runs the integrations of a node. Delivery is at least once, in order per device (below <c>devices/{id}/</c>) or per topic, and is repeated
/// until the receiver confirms or retention removes the event; nothing is given up otherwise. See <see cref="IntegrationLimits"/> and,
/// for what is measured, <see cref="IntegrationMetrics"/>.
/// </summary>
public sealed class IntegrationService : IIntegrationRegistry, IAsyncDisposable
{
    private readonly IntegrationEnvironment _environment;
    private readonly IntegrationMetrics _metrics;
    private readonly Random _seeds;
    private readonly SemaphoreSlim _changes = new(1, 1);
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(string Product, string Name), RunningIntegration> _running = new(IntegrationKeyComparer.Instance);
    private bool _isStopped;

    /// <summary>Makes the service; nothing runs before <see cref="StartAsync"/>.</summary>
    /// <param name="environment">What it needs of the node.</param>
    public IntegrationService(IntegrationEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        _environment = environment;
        _seeds = new Random(environment.Seed);
        _metrics = new IntegrationMetrics(MeasureBehind, MeasureOldestWaitingAge);
    }

    /// <summary>Loads the stored integrations and starts them where they were.</summary>
    /// <param name="cancellationToken">Ends the loading.</param>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var stored in await _environment.Store.LoadAsync(cancellationToken).ConfigureAwait(false))
            {
                StartStored(stored);
            }
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>
    /// Stops all integrations: attempts in flight may finish within <see cref="IntegrationLimits.StopGrace"/>, then the exact cursors are saved.
    /// </summary>
    public async Task StopAsync()
    {
        await _changes.WaitAsync().ConfigureAwait(false);
        try
        {
            _isStopped = true;
            var stopping = Snapshot();
            await Task.WhenAll(stopping.Select(running => running.Loop.StopAsync())).ConfigureAwait(false);
            foreach (var running in stopping)
            {
                Forget(running);
            }
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _metrics.Dispose();
    }

    /// <inheritdoc/>
    public IReadOnlyList<IntegrationStatus> List(string product)
        => [.. Snapshot().Where(running => running.Definition.Product == product).Select(running => running.GetStatus())];

    /// <inheritdoc/>
    public IntegrationStatus? Find(string product, string name)
        => Running(product, name)?.GetStatus();

    /// <inheritdoc/>
    public async ValueTask<AddIntegrationResult> AddAsync(IntegrationDefinition definition, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(definition);
        if (!IntegrationPlan.TryMake(definition, out var plan, out var field, out var problem))
        {
            return new AddIntegrationResult(AddIntegrationStatus.Invalid, null, field, problem);
        }

        await _changes.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _isStopped
                ? new AddIntegrationResult(AddIntegrationStatus.ShuttingDown, null, "", "The node shuts down. Try again when it is back.")
                : await AddAsync(plan).ConfigureAwait(false);
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RemoveAsync(string product, string name, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // One that is stored may not be running: what was stored of it was not valid, or the node shuts down.
            var isRemoved = await _environment.Store.RemoveAsync(product, name).ConfigureAwait(false);
            if (Running(product, name) is { } running)
            {
                await running.Loop.AbandonAsync().ConfigureAwait(false);
                Forget(running);
            }

            return isRemoved;
        }
        finally
        {
            _changes.Release();
        }
    }

    private async ValueTask<AddIntegrationResult> AddAsync(IntegrationPlan plan)
    {
        var definition = plan.Definition;

        // The interest comes first: from the offsets that are read next, every matching message is logged.
        var interest = _environment.Interest.Add(definition.Product, definition.Filter);
        var stored = new StoredIntegration(
            definition.Product, definition.Name, definition.Kind, definition.Filter, new WebhookSettings(definition.Url).ToJson(),
            _environment.TimeProvider.GetUtcNow(), CurrentOffsets());
        var isAdded = false;
        try
        {
            isAdded = await _environment.Store.AddAsync(stored).ConfigureAwait(false);
        }
        finally
        {
            if (!isAdded)
            {
                interest.Dispose();
            }
        }

        return isAdded
            ? new AddIntegrationResult(AddIntegrationStatus.Added, Run(plan, stored, interest).GetStatus(), "", "")
            : new AddIntegrationResult(
                AddIntegrationStatus.NameTaken, null, "name",
                $"The product '{definition.Product}' has an integration '{definition.Name}' already. Remove it first, or choose another name.");
    }

    private void StartStored(StoredIntegration stored)
    {
        try
        {
            var url = WebhookSettings.Parse(stored.Settings).Url;
            var definition = new IntegrationDefinition(stored.Product, stored.Name, stored.Kind, stored.Filter, url);
            if (!IntegrationPlan.TryMake(definition, out var plan, out _, out var problem))
            {
                throw new InvalidDataException(problem);
            }

            if (stored.Cursor.Length != _environment.Log.PartitionCount)
            {
                throw new InvalidDataException($"Its cursor has {stored.Cursor.Length} partitions, the log has {_environment.Log.PartitionCount}.");
            }

            Run(plan, stored, _environment.Interest.Add(stored.Product, stored.Filter));
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException)
        {
            _environment.Logger.LogError(
                exception, "Integration {Product}/{Integration} cannot run: what is stored of it is not valid. Remove it and add it again.",
                stored.Product, stored.Name);
        }
    }

    private RunningIntegration Run(IntegrationPlan plan, StoredIntegration stored, IDisposable interest)
    {
        var sender = new WebhookSender(plan.Url, _environment.Limits, _environment.TimeProvider);
        var loop = new IntegrationLoop(_environment, stored, plan.Filter, sender, new Random(_seeds.Next()), _metrics);
        var running = new RunningIntegration(plan.Definition, stored.CreatedAt, loop, interest);
        lock (_lock)
        {
            _running.Add((stored.Product, stored.Name), running);
        }

        loop.Start();
        return running;
    }

    private void Forget(RunningIntegration running)
    {
        lock (_lock)
        {
            _running.Remove((running.Definition.Product, running.Definition.Name));
        }

        running.Dispose();
    }

    private long[] CurrentOffsets()
    {
        var offsets = new long[_environment.Log.PartitionCount];
        for (var partition = 0; partition < offsets.Length; partition++)
        {
            offsets[partition] = _environment.Feed.AnnouncedOffset(partition);
        }

        return offsets;
    }

    private RunningIntegration? Running(string product, string name)
    {
        lock (_lock)
        {
            return _running.GetValueOrDefault((product, name));
        }
    }

    private RunningIntegration[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _running.Values];
        }
    }

    private IEnumerable<Measurement<long>> MeasureBehind()
        => Snapshot().Select(running => new Measurement<long>(running.Loop.Behind, running.Tags));

    private IEnumerable<Measurement<double>> MeasureOldestWaitingAge()
    {
        var now = _environment.TimeProvider.GetUtcNow();
        return Snapshot().Select(running
            => new Measurement<double>(running.Loop.OldestWaiting is { } oldest ? (now - oldest).TotalSeconds : 0, running.Tags));
    }
}
