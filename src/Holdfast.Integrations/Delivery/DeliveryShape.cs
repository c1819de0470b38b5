namespace Holdfast.Integrations.Delivery;

/// <summary>In which order and in which portions an integration's events go out.</summary>
/// <param name="Order">What waits for what.</param>
/// <param name="MaximumBatch">The most events of one request.</param>
/// <param name="MaximumWait">How long an event may wait for others to share a request with.</param>
internal sealed record DeliveryShape(DeliveryOrder Order, int MaximumBatch, TimeSpan MaximumWait)
{
    /// <summary>Each event by itself, in order per device.</summary>
    public static DeliveryShape Single { get; } = new(DeliveryOrder.Device, 1, TimeSpan.Zero);
}

/// <summary>Which events wait for others to be confirmed.</summary>
internal enum DeliveryOrder
{
    /// <summary>Those of one device; of topics outside <c>devices/</c>, those of one topic.</summary>
    Device,

    /// <summary>All of them: one request at a time, in the order of receipt.</summary>
    Global,

    /// <summary>None.</summary>
    None,
}
