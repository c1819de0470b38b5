namespace Holdfast.Broker.Custody;

/// <summary>What became of an event at an integration, as text.</summary>
public static class Outcomes
{
    /// <summary>The receiver confirmed it.</summary>
    public const string Delivered = "delivered";

    /// <summary>It was refused for good, and is on the list of dead letters or was removed from it by hand.</summary>
    public const string DeadLetter = "deadLetter";

    /// <summary>It expired first.</summary>
    public const string Expired = "expired";

    /// <summary>Retention removed it first.</summary>
    public const string Trimmed = "trimmed";

    /// <summary>It could not be read any more.</summary>
    public const string Damaged = "damaged";

    /// <summary>It is not delivered yet.</summary>
    public const string Waiting = "waiting";

    /// <summary>The position of the integration has passed it, which proves that it was settled; how is not in the journal.</summary>
    public const string Confirmed = "confirmed";

    /// <summary>It was not delivered when its integration was removed.</summary>
    public const string Abandoned = "abandoned";

    /// <summary>It was delivered, and late.</summary>
    public const string Late = "late";
}
