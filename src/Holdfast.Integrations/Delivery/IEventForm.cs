using Holdfast.Log.Records;

namespace Holdfast.Integrations.Delivery;

/// <summary>The form in which events are sent. Used by one loop.</summary>
internal interface IEventForm : IDisposable
{
    /// <summary>The media type of a request.</summary>
    string ContentType { get; }

    /// <summary>Writes one event.</summary>
    /// <param name="id">The event's id.</param>
    /// <param name="record">The message.</param>
    EventBody Write(string id, in PublishRecord record);

    /// <summary>The body of a request.</summary>
    /// <param name="events">Its events.</param>
    ReadOnlyMemory<byte> Frame(IReadOnlyList<OutstandingEvent> events);
}
