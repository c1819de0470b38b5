namespace Holdfast.Integrations.Delivery;

/// <summary>What one integration has to do: which events, in which form and order, and by whom they are carried.</summary>
internal sealed record DeliveryJob
{
    /// <summary>Which events.</summary>
    public required DeliveryScope Scope { get; init; }

    /// <summary>In which form; the loop disposes it.</summary>
    public required IEventForm Form { get; init; }

    /// <summary>By whom they are carried; the loop disposes it.</summary>
    public required IEventCarrier Carrier { get; init; }

    /// <summary>Wakes the loop when the carrier becomes ready.</summary>
    public WakeSignal Wake { get; init; } = new();

    /// <summary>In which order and portions.</summary>
    public required DeliveryShape Shape { get; init; }

    /// <summary>Most requests at the same time.</summary>
    public required int AttemptsInFlight { get; init; }

    /// <summary>The integration whose events it sends again; empty for an integration itself, which also tells devices what became of their events.</summary>
    public string ReplayOf { get; init; } = "";

    /// <summary>Most events per second; null for no bound.</summary>
    public int? EventsPerSecond { get; init; }
}
