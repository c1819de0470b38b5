namespace Holdfast.Integrations.Delivery;

/// <summary>Carries events to one receiver. Called concurrently for different keys.</summary>
internal interface IEventSender : IDisposable
{
    /// <summary>Makes one attempt.</summary>
    /// <param name="sent">The event.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Null when the receiver has confirmed the event; else why not, in words for an operator.</returns>
    Task<string?> SendAsync(OutstandingEvent sent, CancellationToken cancellationToken);
}
