namespace Holdfast.Device.Outbox;

/// <summary>What goes when an event does not fit any more.</summary>
public enum FullPolicy
{
    /// <summary>The oldest events, of any priority.</summary>
    DropOldest,

    /// <summary>The new event is refused: publishing fails with <see cref="OutboxFullException"/>.</summary>
    RefuseNewest,

    /// <summary>The oldest events of the lowest priority, if it is not above the new event's; else the new event is refused.</summary>
    DropLowestPriority,
}
