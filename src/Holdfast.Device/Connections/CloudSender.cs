using Microsoft.Extensions.Logging;

namespace Holdfast.Device.Connections;

/// <summary>Keeps a connection to the best endpoint and sends over it what waits in the outbox.</summary>
internal sealed class CloudSender(SendingServices services, ICloudConnector connector)
{
    private readonly DropReporter _drops = new(services);

    /// <summary>Whether the cloud of the last connection gives receipts; null before the first.</summary>
    public bool? GivesReceipts { get; private set; }

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
                (endpoint, var delay) = services.Selector.Next();
                await Task.Delay(delay, services.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                connection = cancellationToken.IsCancellationRequested ? null : await TryConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            }

            if (connection is not null)
            {
                await MeetAsync(connection, endpoint).ConfigureAwait(false);
                var sending = new ConnectionSender(services, connection, endpoint);
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
        using var limit = new CancellationTokenSource(services.Options.AckDeadline, services.Time);
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
            end = new ConnectionEnd($"{endpoint} did not answer within {services.Options.AckDeadline.TotalSeconds:0.#} s.");
        }
        catch (Exception exception)
        {
            // Whatever it is, the device goes on trying, here and elsewhere.
            end = new ConnectionEnd($"{endpoint} cannot be tried: {exception.Message}");
        }

        services.Logger.LogInformation("{Reason}", end.Reason);
        Leave(endpoint, end);
        services.Monitor.Change(c => c.Failed(endpoint, end.Reason, services.Selector.AllRest));
        return null;
    }

    private async Task<Successor?> UseAsync(ConnectionSender sending, Uri endpoint, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var returning = ReturnAsync(endpoint, leaving.Token);
        var reporting = _drops.RunAsync(leaving.Token);
        var running = sending.RunAsync(leaving.Token);
        await Task.WhenAny(returning, running).ConfigureAwait(false);
        await leaving.CancelAsync().ConfigureAwait(false);
        var end = await running.ConfigureAwait(false);
        await reporting.ConfigureAwait(false);
        var successor = await returning.ConfigureAwait(false);
        if (successor is null && !cancellationToken.IsCancellationRequested)
        {
            services.Logger.LogInformation("{Endpoint}: {Reason}", endpoint, end.Reason);
            if (end.IsPayloadRefused)
            {
                services.Logger.LogWarning("A batch was refused; events are sent one by one until the next start. {Reason}", end.Reason);
                services.Gatherer.WasRefused = true;
            }

            Leave(endpoint, end);
            services.Monitor.Change(c =>
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

    /// <summary>The endpoint rests, and a server that it names is tried instead.</summary>
    private void Leave(Uri endpoint, ConnectionEnd end)
    {
        services.Selector.Failed(endpoint, end.Slot);
        if (end.ServerReference is { } reference)
        {
            services.Selector.Referred(endpoint, reference);
        }
    }

    /// <summary>Connects to a preferred endpoint as soon as it is healthy again, while the present connection goes on.</summary>
    private async Task<Successor?> ReturnAsync(Uri present, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(services.Options.ReturnInterval, services.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!cancellationToken.IsCancellationRequested && services.Selector.HasBetter(present))
            {
                var endpoint = services.Selector.Next().Endpoint;
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
            services.Selector.Failed(endpoint, exception.End.Slot);
        }
        catch (OperationCanceledException)
        {
            // The present connection has ended; the next attempt is made without haste.
        }
        catch (Exception exception)
        {
            services.Logger.LogInformation("{Endpoint} cannot be tried: {Reason}", endpoint, exception.Message);
            services.Selector.Failed(endpoint);
        }

        return null;
    }

    /// <summary>What was stored elsewhere is sent here too: only one of two clouds may deliver it, and the same cloud keeps one copy.</summary>
    private async Task MeetAsync(ICloudConnection connection, Uri endpoint)
    {
        await services.Outbox.ConnectedAsync(endpoint).ConfigureAwait(false);
        GivesReceipts = connection.GivesReceipts;
        if (services.Options.Receipts && !connection.GivesReceipts)
        {
            services.Logger.LogWarning("{Endpoint} gives no receipts: events that wait for more than to be stored are stored there, and stay in the outbox.", endpoint);
        }
    }

    private sealed record Successor(ICloudConnection Connection, Uri Endpoint);
}
