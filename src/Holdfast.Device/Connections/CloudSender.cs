using System.Text;
using Holdfast.Device.Outbox;
using Microsoft.Extensions.Logging;

namespace Holdfast.Device.Connections;

/// <summary>Keeps a connection to the best endpoint and sends over it what waits in the outbox.</summary>
internal sealed class CloudSender(
    EventOutbox outbox, ICloudConnector connector, EndpointSelector selector, ConnectivityMonitor monitor, DeviceOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>The name of the event that tells the cloud how many events were dropped.</summary>
    public const string DroppedEventName = "holdfast/dropped";

    private ulong _reportedDrops;

    /// <summary>Sends until it is told to end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Successor? successor = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var (connection, endpoint) = (successor?.Connection, successor?.Endpoint);
            successor = null;
            if (connection is null || endpoint is null)
            {
                (endpoint, var delay) = selector.Next();
                await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                connection = cancellationToken.IsCancellationRequested ? null : await TryConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            }

            if (connection is not null)
            {
                var sending = new ConnectionSender(outbox, connection, endpoint, selector, monitor, options, time);
                await ReportDropsAsync().ConfigureAwait(false);
                successor = await UseAsync(sending, endpoint, cancellationToken).ConfigureAwait(false);
            }
        }

        if (successor is { } unused)
        {
            await unused.Connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<ICloudConnection?> TryConnectAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.AckDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        ConnectionEnd end;
        try
        {
            return await connector.ConnectAsync(endpoint, either.Token).ConfigureAwait(false);
        }
        catch (CloudConnectException exception)
        {
            end = exception.End;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            end = new ConnectionEnd($"{endpoint} did not answer within {options.AckDeadline.TotalSeconds:0.#} s.");
        }

        logger.LogInformation("{Reason}", end.Reason);
        selector.Failed(endpoint, end.Slot);
        if (end.ServerReference is { } reference)
        {
            selector.Referred(endpoint, reference);
        }

        monitor.Change(c => c.Failed(endpoint, end.Reason, selector.AllRest));
        return null;
    }

    private async Task<Successor?> UseAsync(ConnectionSender sending, Uri endpoint, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var returning = ReturnAsync(endpoint, leaving.Token);
        var running = sending.RunAsync(leaving.Token);
        await Task.WhenAny(returning, running).ConfigureAwait(false);
        await leaving.CancelAsync().ConfigureAwait(false);
        var end = await running.ConfigureAwait(false);
        var successor = await returning.ConfigureAwait(false);
        if (successor is null && !cancellationToken.IsCancellationRequested)
        {
            logger.LogInformation("{Endpoint}: {Reason}", endpoint, end.Reason);
            selector.Failed(endpoint, end.Slot);
            monitor.Change(c =>
            {
                if (end.IsSilent)
                {
                    c.Silent(end.Reason);
                }
                else
                {
                    c.Lost(end.Reason);
                }
            });
        }

        return successor;
    }

    /// <summary>Connects to a preferred endpoint as soon as it is healthy again, while the present connection goes on.</summary>
    private async Task<Successor?> ReturnAsync(Uri present, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(options.ReturnInterval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!cancellationToken.IsCancellationRequested && selector.HasBetter(present))
            {
                var endpoint = selector.Next().Endpoint;
                if (await TryConnectQuietlyAsync(endpoint, cancellationToken).ConfigureAwait(false) is { } connection)
                {
                    return new Successor(connection, endpoint);
                }
            }
        }

        return null;
    }

    private async Task<ICloudConnection?> TryConnectQuietlyAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        try
        {
            return await connector.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
        }
        catch (CloudConnectException exception)
        {
            selector.Failed(endpoint, exception.End.Slot);
        }
        catch (OperationCanceledException)
        {
            // The present connection has ended; the next attempt is made without haste.
        }

        return null;
    }

    private async Task ReportDropsAsync()
    {
        var dropped = (await outbox.GetStatisticsAsync().ConfigureAwait(false)).Dropped;
        if (dropped == _reportedDrops)
        {
            return;
        }

        try
        {
            var report = Encoding.UTF8.GetBytes($$"""{"dropped":{{dropped}}}""");
            _ = await outbox.AppendAsync(EventPriority.Urgent, $"devices/{options.DeviceId}/events/{DroppedEventName}", "application/json", report).ConfigureAwait(false);
            _reportedDrops = dropped;
        }
        catch (Exception exception) when (exception is OutboxFullException or OutboxWriteException)
        {
            logger.LogWarning("{Dropped} events were dropped, and the report found no room: {Reason}", dropped, exception.Message);
        }
    }

    private sealed record Successor(ICloudConnection Connection, Uri Endpoint);
}
