namespace Holdfast.Log.Attempts;

/// <summary>What became of events in an attempt to deliver them, or without one. The values are stored; there is room for eight.</summary>
public enum AttemptKind : byte
{
    /// <summary>The receiver confirmed them.</summary>
    Delivered = 0,

    /// <summary>The attempt failed; they are tried again.</summary>
    Failed = 1,

    /// <summary>They were refused together, and are tried one by one.</summary>
    Refused = 2,

    /// <summary>They were refused for good, and are kept as dead letters.</summary>
    DeadLettered = 3,

    /// <summary>They expired before they were delivered.</summary>
    Expired = 4,

    /// <summary>Retention removed them before they were delivered.</summary>
    Trimmed = 5,

    /// <summary>They could not be read, because the disk has damaged them.</summary>
    Damaged = 6,
}

/// <summary>Properties of <see cref="AttemptKind"/>.</summary>
public static class AttemptKinds
{
    /// <summary>Whether the events can no longer be delivered, although nobody refused them.</summary>
    /// <param name="kind">The kind.</param>
    public static bool IsLoss(this AttemptKind kind) => kind is AttemptKind.Trimmed or AttemptKind.Damaged;

    /// <summary>Whether nothing follows: no further attempt is made.</summary>
    /// <param name="kind">The kind.</param>
    public static bool IsFinal(this AttemptKind kind) => kind is not (AttemptKind.Failed or AttemptKind.Refused);
}
