using Holdfast.Device.Outbox;

namespace Holdfast.Device.Connections;

/// <summary>Says when the outbox is read again once it was found empty. Without a metered link that is as soon as there is an event. One for each connection.</summary>
internal sealed class SendingSchedule(MeteredLink? link, EventOutbox outbox, TimeProvider time)
{
    /// <summary>Ends when what has arrived since the outbox was found empty is to be sent.</summary>
    /// <param name="empty">How the outbox was found empty.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task WhenDueAsync(OutboxArrivals empty, CancellationToken cancellationToken)
    {
        var now = empty;
        if (link is null)
        {
            await now.Next.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var due = Task.Delay(link.Interval, time, ending.Token);
        while (now.Urgent == empty.Urgent && now.Bytes - empty.Bytes < link.Bytes && (!due.IsCompleted || now.Bytes == empty.Bytes))
        {
            // Past the interval the next event, whatever it is, goes at once.
            await Task.WhenAny(now.Next, due.IsCompleted ? now.Next : due).WaitAsync(cancellationToken).ConfigureAwait(false);
            now = await outbox.GetArrivalsAsync().ConfigureAwait(false);
        }

        await ending.CancelAsync().ConfigureAwait(false);
    }
}
