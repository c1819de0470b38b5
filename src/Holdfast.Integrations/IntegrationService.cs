using System.Text.Json;
using Holdfast.Broker.Custody;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Reports;
using Holdfast.Integrations.Custody;
using Holdfast.Integrations.Replays;
using Holdfast.Integrations.Webhooks.Signing;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations;

/// <summary>
/// Manages and runs the integrations of a node. Delivery is at least once, in order per device (below <c>devices/{id}/</c>) or per topic unless asked for
/// otherwise, and is repeated until the receiver confirms, refuses for good or retention removes the event; nothing is given up otherwise. See
/// <see cref="IntegrationLimits"/> and, for what is measured, <see cref="IntegrationMetrics"/>.
/// </summary>
public sealed class IntegrationService : IIntegrationRegistry, IAsyncDisposable
{
    private readonly IntegrationEnvironment _environment;
    private readonly IntegrationRunner _runner;
    private readonly SemaphoreSlim _changes = new(1, 1);
    private bool _isStopped;

    /// <summary>Makes the service; nothing runs before <see cref="StartAsync(CancellationToken)"/>.</summary>
    /// <param name="environment">What it needs of the node.</param>
    public IntegrationService(IntegrationEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        _environment = environment;
        _runner = new IntegrationRunner(environment);
        Deliveries = new DeliveryControl(environment, _runner, AddReplayAsync);
    }

    /// <summary>Tests, dead letters and replays.</summary>
    public IDeliveryControl Deliveries { get; }

    /// <summary>Tells what became of events.</summary>
    /// <param name="sessions">How far the MQTT sessions are.</param>
    /// <param name="reporter">What an acknowledgement means.</param>
    public ICustody CustodyWith(ISessionPositions sessions, IClusterReporter reporter) => new CustodyDesk(_environment, _runner, sessions, reporter);

    /// <summary>Loads the stored integrations and starts them where they were.</summary>
    /// <param name="cancellationToken">Ends the loading.</param>
    public Task StartAsync(CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            foreach (var stored in await _environment.Store.LoadAsync(cancellationToken).ConfigureAwait(false))
            {
                await StartStoredAsync(stored).ConfigureAwait(false);
            }

            return true;
        },
        cancellationToken);

    /// <summary>Loads one stored integration and starts it where it was; for a cluster, in which one node runs each.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the loading.</param>
    /// <returns>False when there is none, it runs already, or what is stored of it is not valid.</returns>
    public Task<bool> StartAsync(string product, string name, CancellationToken cancellationToken) => ChangeAsync(
        async () => !_isStopped
            && _runner.Find(product, name) is null
            && await _environment.Store.FindAsync(product, name, cancellationToken).ConfigureAwait(false) is { } stored
            && await StartStoredAsync(stored).ConfigureAwait(false),
        cancellationToken);

    /// <summary>Stops one integration; its exact cursor is saved, so that another node can go on.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <returns>False when it did not run.</returns>
    public Task<bool> StopAsync(string product, string name) => ChangeAsync(
        async () =>
        {
            if (_runner.Find(product, name) is not { } running)
            {
                return false;
            }

            await _runner.StopAsync([running]).ConfigureAwait(false);
            return true;
        },
        CancellationToken.None);

    /// <summary>
    /// Stops all integrations: attempts in flight may finish within <see cref="IntegrationLimits.StopGrace"/>, then the exact cursors are saved.
    /// </summary>
    public Task StopAsync() => ChangeAsync(
        async () =>
        {
            _isStopped = true;
            await _runner.StopAsync(_runner.Snapshot()).ConfigureAwait(false);
            return true;
        },
        CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _runner.Dispose();
    }

    /// <inheritdoc/>
    public IReadOnlyList<IntegrationStatus> List(string product)
        => [.. _runner.Snapshot().Where(running => running.Plan.Product == product).Select(running => running.GetStatus())];

    /// <inheritdoc/>
    public IntegrationStatus? Find(string product, string name) => _runner.Find(product, name)?.GetStatus();

    /// <inheritdoc/>
    public async ValueTask<IntegrationResult> AddAsync(IntegrationDefinition definition, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(definition);
        if (!IntegrationPlan.TryMake(definition, out var plan, out var field, out var problem))
        {
            return IntegrationResult.Invalid(field, problem);
        }

        var (settings, newSecret) = plan.Kind.Complete(plan.Settings, plan.Product, plan.Name);
        var result = await AddAsync(plan with { Settings = settings }, CurrentOffsets, cancellationToken).ConfigureAwait(false);
        return result.Outcome == IntegrationOutcome.Done ? result with { NewSecret = newSecret } : result;
    }

    /// <inheritdoc/>
    public async ValueTask<IntegrationResult> ChangeAsync(string product, string name, JsonElement patch, CancellationToken cancellationToken)
        => await ChangeSettingsAsync(product, name, plan => plan.Kind.Change(plan.Settings, patch), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<IntegrationResult> RotateSecretAsync(
        string product, string name, string? secret, TimeSpan overlap, CancellationToken cancellationToken)
    {
        var next = secret ?? WebhookSecret.New();
        var result = await ChangeSettingsAsync(
            product,
            name,
            plan => plan.Kind.Rotate(plan.Settings, next, _environment.TimeProvider.GetUtcNow() + overlap),
            cancellationToken).ConfigureAwait(false);
        return result.Outcome == IntegrationOutcome.Done && secret is null ? result with { NewSecret = next } : result;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RemoveAsync(string product, string name, CancellationToken cancellationToken)
        => await ChangeAsync(
            async () =>
            {
                // One that is stored may not be running: what was stored of it was not valid, or the node shuts down.
                var isRemoved = await _environment.Store.RemoveAsync(product, name).ConfigureAwait(false);
                if (_runner.Find(product, name) is { } running)
                {
                    await _runner.AbandonAsync(running).ConfigureAwait(false);
                }

                _runner.ForgetDeadLetters(product, name);
                return isRemoved;
            },
            cancellationToken).ConfigureAwait(false);

    private static IntegrationResult ShuttingDown() => new(IntegrationOutcome.ShuttingDown, null, "", "The node shuts down. Try again when it is back.");

    private async ValueTask<IntegrationResult> AddReplayAsync(IntegrationPlan plan, long[] starts, CancellationToken cancellationToken)
    {
        var finished = _runner.Snapshot().Where(running => running.Plan.Product == plan.Product && running.Plan.Settings.Replay?.Of == plan.Settings.Replay!.Of).ToList();
        foreach (var completed in finished.Where(running => running.Loop.IsCompleted).ToList())
        {
            await RemoveAsync(plan.Product, completed.Plan.Name, cancellationToken).ConfigureAwait(false);
            finished.Remove(completed);
        }

        return finished.Count < _environment.Limits.Replays
            ? await AddAsync(plan, () => starts, cancellationToken).ConfigureAwait(false)
            : IntegrationResult.Invalid("name", $"'{plan.Settings.Replay!.Of}' has {finished.Count} replays that are not finished. Wait for one, or remove one.");
    }

    private async ValueTask<IntegrationResult> AddAsync(IntegrationPlan plan, Func<long[]> cursor, CancellationToken cancellationToken)
        => await ChangeAsync(async () => _isStopped ? ShuttingDown() : await AddAsync(plan, cursor).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private async ValueTask<IntegrationResult> AddAsync(IntegrationPlan plan, Func<long[]> cursor)
    {
        // The interest comes first: from the offsets that are read next, every matching message is logged.
        var interest = plan.WantsEvents ? _environment.Interest.Add(plan.Product, plan.FilterText) : null;
        var stored = new StoredIntegration(
            plan.Product, plan.Name, plan.Kind.Name, plan.FilterText, plan.Kind.Format(plan.Settings), _environment.TimeProvider.GetUtcNow(), cursor());
        var isAdded = false;
        try
        {
            isAdded = await _environment.Store.AddAsync(stored).ConfigureAwait(false);
        }
        finally
        {
            if (!isAdded)
            {
                interest?.Dispose();
            }
        }

        return isAdded
            ? IntegrationResult.Done((await _runner.StartAsync(plan, stored, interest).ConfigureAwait(false)).GetStatus())
            : new IntegrationResult(
                IntegrationOutcome.NameTaken, null, "name",
                $"The product '{plan.Product}' has an integration '{plan.Name}' already. Remove it first, or choose another name.");
    }

    private Task<IntegrationResult> ChangeSettingsAsync(
        string product, string name, Func<IntegrationPlan, SettingsResult> change, CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            if (_isStopped)
            {
                return ShuttingDown();
            }

            if (_runner.Find(product, name) is not { } running)
            {
                return IntegrationResult.NotFound(product, name);
            }

            var plan = running.Plan;
            var changed = change(plan);
            if (changed.Settings is null)
            {
                return IntegrationResult.Invalid(changed.Field, changed.Problem);
            }

            if (!IntegrationPlan.TryMake(product, name, plan.Kind, plan.FilterText, changed.Settings, out var next, out var field, out var problem))
            {
                return IntegrationResult.Invalid(field, problem);
            }

            return await RestartAsync(running, next).ConfigureAwait(false);
        },
        cancellationToken);

    private async Task<IntegrationResult> RestartAsync(RunningIntegration running, IntegrationPlan plan)
    {
        await _environment.Store.SaveSettingsAsync(plan.Product, plan.Name, plan.Kind.Format(plan.Settings)).ConfigureAwait(false);

        // While the loop is replaced, a QoS 0 message must not slip through unlogged.
        using var meanwhile = plan.WantsEvents ? _environment.Interest.Add(plan.Product, plan.FilterText) : null;
        await _runner.StopAsync([running]).ConfigureAwait(false);
        return await _environment.Store.FindAsync(plan.Product, plan.Name, CancellationToken.None).ConfigureAwait(false) is { } stored
            ? IntegrationResult.Done((await _runner.StartAsync(plan, stored).ConfigureAwait(false)).GetStatus())
            : IntegrationResult.NotFound(plan.Product, plan.Name);
    }

    private async Task<bool> StartStoredAsync(StoredIntegration stored)
    {
        try
        {
            var plan = IntegrationPlan.Of(stored);
            if (stored.Cursor.Length != _environment.Log.PartitionCount)
            {
                throw new InvalidDataException($"Its cursor has {stored.Cursor.Length} partitions, the log has {_environment.Log.PartitionCount}.");
            }

            await _runner.StartAsync(plan, stored).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException)
        {
            _environment.Logger.LogError(
                exception, "Integration {Product}/{Integration} cannot run: what is stored of it is not valid. Remove it and add it again.",
                stored.Product, stored.Name);
            return false;
        }
    }

    private async Task<T> ChangeAsync<T>(Func<Task<T>> change, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await change().ConfigureAwait(false);
        }
        finally
        {
            _changes.Release();
        }
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
}
