using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Delivery;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations.Bridges.Connecting;

/// <summary>
/// Keeps the connection of a bridge: connects, waits for its end, connects again after a jittered pause that grows while it fails. Who connects, and
/// what arrives, is known here only; what goes out asks for <see cref="Current"/>.
/// </summary>
internal sealed class BridgeLink(
    IntegrationPlan plan, BridgeConnector connector, BridgeDialer dialer, BridgeInbound inbound, IntegrationEnvironment environment, RetryDelay retryDelay, WakeSignal wake) : IRemoteLink
{
    /// <summary>A connection that lasted so long was a good one: the next pause is the shortest again.</summary>
    private static readonly TimeSpan Good = TimeSpan.FromSeconds(10);

    /// <summary>How long the other broker may take to be told that the bridge is removed.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stop = new();
    private readonly IntegrationConnection _none = new() { IsConnected = false };
    private IntegrationConnection? _status;
    private BridgeConnection? _current;
    private Task _run = Task.CompletedTask;
    private long _droppedBefore;

    /// <summary>The connection, or null.</summary>
    public BridgeConnection? Current => Volatile.Read(ref _current);

    public IntegrationConnection Status => (Volatile.Read(ref _status) ?? _none) with
    {
        Received = inbound.Received,
        Refused = inbound.Refused,
        Returned = inbound.Returned,
        Dropped = Volatile.Read(ref _droppedBefore) + (Current?.Dropped ?? 0),
    };

    public void Start() => _run = Task.Run(RunAsync);

    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(false);
    }

    public async Task ForgetAsync()
    {
        await StopAsync().ConfigureAwait(false);
        if (((BridgeSettings)plan.Settings).Receives)
        {
            using var patience = new CancellationTokenSource(Farewell, environment.TimeProvider);
            await connector.ClearSessionAsync(patience.Token).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        dialer.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        for (var failures = 1; !_stop.IsCancellationRequested; failures++)
        {
            try
            {
                var connectedFor = await ConnectOnceAsync(_stop.Token).ConfigureAwait(false);
                failures = connectedFor < Good ? failures : 1;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it met, a bridge must not stop for good in silence.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Ended(exception is BridgeConnectException ? exception.Message : $"{exception.GetType().Name}: {exception.Message}");
            }

            await PauseAsync(retryDelay.After(failures)).ConfigureAwait(false);
        }
    }

    /// <returns>How long the connection lasted.</returns>
    private async Task<TimeSpan> ConnectOnceAsync(CancellationToken cancellationToken)
    {
        using var connection = await connector.ConnectAsync(cancellationToken).ConfigureAwait(false);
        var since = environment.TimeProvider.GetUtcNow();
        var receiving = inbound.RunAsync(connection);
        Volatile.Write(ref _status, new IntegrationConnection { IsConnected = true, Since = since, Error = _status?.Error, ErrorAt = _status?.ErrorAt });
        Volatile.Write(ref _current, connection);
        wake.Set();
        environment.Logger.LogInformation("Integration {Product}/{Integration}: connected to {Broker}", plan.Product, plan.Name, dialer.Url);
        try
        {
            var ended = await connection.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
            Ended(ended);
        }
        catch (OperationCanceledException)
        {
            connection.StopReceiving();
            await FinishAsync(connection, receiving).ConfigureAwait(false);
            throw;
        }
        finally
        {
            Volatile.Write(ref _current, null);
            connection.StopReceiving();
            await receiving.ConfigureAwait(false);
            Interlocked.Add(ref _droppedBefore, connection.Dropped);
        }

        return environment.TimeProvider.GetUtcNow() - since;
    }

    /// <summary>What is stored is acknowledged before the goodbye; what cannot be in time is sent again by the other broker.</summary>
    private async Task FinishAsync(BridgeConnection connection, Task receiving)
    {
        using var grace = new CancellationTokenSource(environment.Limits.StopGrace, environment.TimeProvider);
        await receiving.WaitAsync(grace.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await connection.DisconnectAsync(grace.Token).ConfigureAwait(false);
        connection.Abort("closed here");
        Volatile.Write(ref _status, new IntegrationConnection { IsConnected = false, Since = environment.TimeProvider.GetUtcNow(), Error = _status?.Error, ErrorAt = _status?.ErrorAt });
    }

    private void Ended(string reason)
    {
        var now = environment.TimeProvider.GetUtcNow();
        var before = _status;
        var since = before is { IsConnected: false, Since: { } earlier } ? earlier : now;
        Volatile.Write(ref _status, new IntegrationConnection { IsConnected = false, Since = since, Error = reason, ErrorAt = now });
        if (before is not { IsConnected: false } || before.Error != reason)
        {
            environment.Logger.LogWarning("Integration {Product}/{Integration}: not connected to {Broker}: {Reason}", plan.Product, plan.Name, dialer.Url, reason);
        }
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        Volatile.Write(ref _status, _status! with { NextAttemptAt = environment.TimeProvider.GetUtcNow() + pause });
        try
        {
            await Task.Delay(pause, environment.TimeProvider, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The loop's condition ends it.
        }
    }
}
