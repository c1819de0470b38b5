using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;
using Microsoft.Extensions.Logging;

namespace Holdfast.Device.Fallback;

/// <summary>
/// Sends urgent events another way when the device has not been online for a while. The usual way goes on trying: an event may go both ways, and the
/// cloud keeps one.
/// </summary>
internal sealed class FallbackSender(IFallbackChannel channel, SendingServices services)
{
    private const int LooksPerDelay = 4;

    /// <summary>Sends until it is told to end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(services.Options.FallbackAfter / LooksPerDelay, services.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                while (IsDue && await services.Outbox.PeekUrgentAsync(services.Options.FallbackAfter).ConfigureAwait(false) is { } stored
                    && await TrySendAsync(stored, cancellationToken).ConfigureAwait(false))
                {
                    await services.Outbox.ConfirmAsync([stored]).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The device is going.
        }
    }

    private bool IsDue => services.Monitor.Status.State != ConnectivityState.Online;

    private async Task<bool> TrySendAsync(StoredEvent stored, CancellationToken cancellationToken)
    {
        var fallbackEvent = new FallbackEvent(
            stored.Identity, stored.Topic, stored.ContentType.Length > 0 ? stored.ContentType : null, stored.Payload,
            DateTimeOffset.FromUnixTimeMilliseconds(stored.CreatedAtMilliseconds))
        {
            Receipt = stored.Receipt.Length > 0 ? stored.Receipt : null,
        };
        try
        {
            return await channel.SendAsync(fallbackEvent, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            services.Logger.LogInformation("The fallback channel failed: {Reason}", exception.Message);
            return false;
        }
    }
}
