using Holdfast.Device.Outbox;

namespace Holdfast.Device.Connections;

/// <summary>Sends over one connection until it ends or proves useless.</summary>
internal sealed class ConnectionSender(
    EventOutbox outbox, ICloudConnection connection, Uri endpoint, EndpointSelector selector, ConnectivityMonitor monitor, DeviceOptions options, TimeProvider time)
{
    private const int ChecksPerDeadline = 10;

    private readonly int _windowSize = Math.Min(options.MaximumInFlight, connection.ReceiveMaximum);
    private readonly TaskCompletionSource<ConnectionEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _nextId;

    /// <summary>Sends. Whatever happens to the connection, it is closed afterwards, and what was not acknowledged waits again.</summary>
    public async Task<ConnectionEnd> RunAsync(CancellationToken cancellationToken)
    {
        using var window = new SemaphoreSlim(_windowSize);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var interval = options.AckDeadline / ChecksPerDeadline;
        var waiting = (await outbox.GetStatisticsAsync().ConfigureAwait(false)).Waiting;
        monitor.Change(c => c.Connected(endpoint, waiting == 0));
        var watch = time.CreateTimer(_ => Watch(), null, interval, interval);
        var pumping = PumpAsync(window, ending.Token);
        var end = await Task.WhenAny(_end.Task, connection.Ended, WhenCancelledAsync(ending.Token)).ConfigureAwait(false);

        await watch.DisposeAsync().ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
        await pumping.ConfigureAwait(false);
        for (var i = 0; i < _windowSize; i++)
        {
            await window.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await outbox.RewindAsync().ConfigureAwait(false);
        return await end.ConfigureAwait(false);
    }

    private static async Task<ConnectionEnd> WhenCancelledAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return new ConnectionEnd("The device left this connection.");
    }

    private async Task PumpAsync(SemaphoreSlim window, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await window.WaitAsync(cancellationToken).ConfigureAwait(false);
                StoredEvent stored;
                try
                {
                    stored = await outbox.ReadAsync(cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    window.Release();
                    throw;
                }

                var id = _nextId++;
                monitor.Change(c => c.Sent(id));
                _ = FinishAsync(connection.PublishAsync(stored, cancellationToken), stored, id, window);
            }
        }
        catch (OperationCanceledException)
        {
            // The connection has ended.
        }
    }

    private async Task FinishAsync(Task<PublishOutcome> publishing, StoredEvent stored, long id, SemaphoreSlim window)
    {
        try
        {
            var outcome = await publishing.ConfigureAwait(false);
            if (outcome == PublishOutcome.Failed)
            {
                _end.TrySetResult(new ConnectionEnd($"{endpoint} did not take an event."));
                return;
            }

            await (outcome == PublishOutcome.Stored ? outbox.ConfirmAsync(stored) : outbox.DropAsync(stored)).ConfigureAwait(false);
            selector.Succeeded(endpoint);
            monitor.Change(c => c.Acknowledged(id));
        }
        catch (Exception exception)
        {
            _end.TrySetResult(new ConnectionEnd($"Sending failed: {exception.Message}"));
        }
        finally
        {
            window.Release();
        }
    }

    private void Watch()
    {
        var isOverdue = false;
        monitor.Change(c => isOverdue = c.IsOverdue());
        if (isOverdue)
        {
            _end.TrySetResult(new ConnectionEnd(monitor.Status.Reason, IsSilent: true));
        }
    }
}
