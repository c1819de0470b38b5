using Holdfast.Device.Outbox;

namespace Holdfast.Device.Connections;

/// <summary>Sends over one connection until it ends or proves useless.</summary>
internal sealed class ConnectionSender(SendingServices services, ICloudConnection connection, Uri endpoint)
{
    private const int ChecksPerDeadline = 10;

    /// <summary>How long a connection on which a publish was lost may take to say why.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1);

    private readonly EventOutbox _outbox = services.Outbox;
    private readonly int _windowSize = Math.Min(services.Options.MaximumInFlight, connection.ReceiveMaximum);
    private readonly TaskCompletionSource<ConnectionEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _nextId;

    /// <summary>Sends. Whatever happens to the connection, it is closed afterwards, and what was not acknowledged waits again.</summary>
    public async Task<ConnectionEnd> RunAsync(CancellationToken cancellationToken)
    {
        using var window = new SemaphoreSlim(_windowSize);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var interval = services.Options.AckDeadline / ChecksPerDeadline;
        var statistics = await _outbox.GetStatisticsAsync().ConfigureAwait(false);
        services.Monitor.Change(c => c.Connected(endpoint, statistics.Waiting == statistics.AwaitingDelivery));
        var watch = services.Time.CreateTimer(_ => Watch(), null, interval, interval);
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

        await _outbox.RewindAsync().ConfigureAwait(false);
        return await end.ConfigureAwait(false);
    }

    private static async Task<ConnectionEnd> WhenCancelledAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return new ConnectionEnd("The device left this connection.");
    }

    private async Task PumpAsync(SemaphoreSlim window, CancellationToken cancellationToken)
    {
        var schedule = new SendingSchedule(services.Options.MeteredLink, _outbox, services.Time);
        try
        {
            while (true)
            {
                // Read as late as possible: an urgent event overtakes what is not read yet.
                await window.WaitAsync(cancellationToken).ConfigureAwait(false);
                window.Release();
                var limits = services.Gatherer.Limits(connection.AcceptsBatches);
                var reading = await _outbox.ReadAsync(limits.Events, limits.Bytes).ConfigureAwait(false);
                foreach (var events in services.Gatherer.Split(reading.Events))
                {
                    await window.WaitAsync(cancellationToken).ConfigureAwait(false);
                    var id = _nextId++;
                    services.Monitor.Change(c => c.Sent(id));
                    _ = FinishAsync(connection.PublishAsync(events, cancellationToken), events, id, window);
                }

                if (reading.Events.Count == 0)
                {
                    await schedule.WhenDueAsync(reading.Arrivals, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The connection has ended.
        }
        catch (Exception exception)
        {
            _end.TrySetResult(new ConnectionEnd($"The outbox cannot be read: {exception.Message}"));
        }
    }

    private async Task FinishAsync(Task<PublishOutcome> publishing, IReadOnlyList<StoredEvent> events, long id, SemaphoreSlim window)
    {
        try
        {
            var outcome = await publishing.ConfigureAwait(false);
            if (outcome == PublishOutcome.Lost)
            {
                await EndLostAsync().ConfigureAwait(false);
                return;
            }

            if (outcome == PublishOutcome.Failed)
            {
                _end.TrySetResult(new ConnectionEnd($"{endpoint} did not take an event."));
                return;
            }

            if (outcome == PublishOutcome.Rejected && events.Count > 1)
            {
                // One of them may be the reason; alone each gets its own answer.
                _end.TrySetResult(new ConnectionEnd($"{endpoint} rejected a batch of {events.Count} events.", IsPayloadRefused: true));
                return;
            }

            // Counted first: who waits until the outbox is empty finds the count of all.
            services.Traffic.AddStored(outcome == PublishOutcome.Stored ? events.Count : 0);
            await (outcome == PublishOutcome.Stored ? _outbox.ConfirmAsync(events) : _outbox.DropAsync(events)).ConfigureAwait(false);
            services.Selector.Succeeded(endpoint);
            services.Monitor.Change(c => c.Acknowledged(id));
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

    /// <summary>The connection says better than a publish why it ended: the cloud may have named another server, or a time to stay away.</summary>
    private async Task EndLostAsync()
    {
        await Task.WhenAny(connection.Ended, Task.Delay(EndLimit, services.Time)).ConfigureAwait(false);
        _end.TrySetResult(connection.Ended.IsCompletedSuccessfully ? await connection.Ended.ConfigureAwait(false) : new ConnectionEnd($"{endpoint} did not take an event."));
    }

    private void Watch()
    {
        var isOverdue = false;
        services.Monitor.Change(c => isOverdue = c.IsOverdue());
        if (isOverdue)
        {
            _end.TrySetResult(new ConnectionEnd(services.Monitor.Status.Reason, IsSilent: true));
        }
    }
}
