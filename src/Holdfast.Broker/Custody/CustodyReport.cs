namespace Holdfast.Broker.Custody;

/// <summary>What became of some events.</summary>
public sealed record CustodyReport
{
    /// <summary>The product.</summary>
    public required string Product { get; init; }

    /// <summary>The device; null for all of the product.</summary>
    public string? Device { get; init; }

    /// <summary>Received at or after this time; null for the oldest that is kept.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Received before this time.</summary>
    public DateTimeOffset To { get; init; }

    /// <summary>A delivery later than this after the receipt is late.</summary>
    public double LateAfterSeconds { get; init; }

    /// <summary>One sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>What was published and stored.</summary>
    public required AcceptedCount Events { get; init; }

    /// <summary>What each integration has done, by name.</summary>
    public required IReadOnlyList<IntegrationCount> Integrations { get; init; }

    /// <summary>Streams with gaps, at most <see cref="MaximumStreams"/>, with the gaps, at most <see cref="MaximumGaps"/> of each.</summary>
    public required IReadOnlyList<StreamGaps> Gaps { get; init; }

    /// <summary>Events that were not delivered in time, in the order of their places in the log.</summary>
    public required IReadOnlyList<CustodyItem> Items { get; init; }

    /// <summary>To be given as <see cref="CustodyQuery.After"/> for the items that follow; null when there are none.</summary>
    public string? Next { get; init; }

    /// <summary>Most streams with gaps that are listed; all are counted.</summary>
    public const int MaximumStreams = 1_000;

    /// <summary>Most gaps of a stream that are listed; all are counted.</summary>
    public const int MaximumGaps = 100;
}

/// <summary>What was published and stored.</summary>
/// <param name="Published">How many the devices have published by their own count: from the first to the last sequence of each stream, and those without a sequence.</param>
/// <param name="Accepted">How many are stored.</param>
/// <param name="Missing">How many sequences between the first and the last of their stream never arrived.</param>
/// <param name="PossibleDuplicates">How many of the stored may be repetitions.</param>
/// <param name="Unreadable">How many records within the time cannot be read, because the disk has damaged them.</param>
/// <param name="Streams">How many streams there are.</param>
/// <param name="KeptSince">When retention has removed events that were received within the time: the oldest that is kept; else null.</param>
public sealed record AcceptedCount(
    long Published, long Accepted, long Missing, long PossibleDuplicates, long Unreadable, int Streams, DateTimeOffset? KeptSince);

/// <summary>What one integration has done about the events that it wants.</summary>
public sealed record IntegrationCount
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its kind; null when it is gone.</summary>
    public string? Kind { get; init; }

    /// <summary>Events that it wants.</summary>
    public long Wanted { get; init; }

    /// <summary>Delivered, in time or late.</summary>
    public long Delivered { get; init; }

    /// <summary>Delivered late.</summary>
    public long Late { get; init; }

    /// <summary>Not delivered yet.</summary>
    public long Waiting { get; init; }

    /// <summary>Dead letters.</summary>
    public long DeadLetters { get; init; }

    /// <summary>Expired first.</summary>
    public long Expired { get; init; }

    /// <summary>Lost: the log holds them no more, or never could be read, and they were not delivered.</summary>
    public long Lost { get; init; }

    /// <summary>Not delivered when the integration was removed.</summary>
    public long Abandoned { get; init; }

    /// <summary>Settled by the proof of the position; the journal does not tell how.</summary>
    public long Confirmed { get; init; }

    /// <summary>
    /// Records that were lost within the time, of whichever device: of what retention removed unread nothing is known but the number. Of a device: those of its partition.
    /// </summary>
    public long RecordsLost { get; init; }

    /// <summary>Of <see cref="RecordsLost"/> those that retention removed before they were delivered, or that their product no longer keeps; the others are damaged.</summary>
    public long TrimmedUnread { get; init; }

    /// <summary>The longest time from the receipt to the delivery.</summary>
    public double LongestDelaySeconds { get; init; }
}

/// <summary>The gaps of a stream.</summary>
/// <param name="Device">The device; null for a publisher that is none.</param>
/// <param name="Stream">The stream.</param>
/// <param name="First">The first sequence.</param>
/// <param name="Last">The last sequence.</param>
/// <param name="Missing">How many are missing.</param>
/// <param name="Ranges">Which, both ends included.</param>
public sealed record StreamGaps(string? Device, string Stream, ulong First, ulong Last, long Missing, IReadOnlyList<SequenceGap> Ranges);

/// <summary>Sequences that never arrived.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The last.</param>
public sealed record SequenceGap(ulong From, ulong To);

/// <summary>An event that was not delivered in time to an integration.</summary>
/// <param name="Event">The event's id.</param>
/// <param name="Device">The device, or null.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Stream">The stream, or null.</param>
/// <param name="Sequence">The sequence, or null.</param>
/// <param name="PublishedAt">The device's own time, or null.</param>
/// <param name="ReceivedAt">When it was received.</param>
/// <param name="Integration">The integration.</param>
/// <param name="Outcome"><c>late</c>, or one of <see cref="Outcomes"/>.</param>
/// <param name="At">When that was so; null while it waits.</param>
/// <param name="DelaySeconds">From the receipt to then.</param>
/// <param name="Attempts">How often it was attempted.</param>
/// <param name="LastError">Why the last failed attempt failed; empty when none did.</param>
public sealed record CustodyItem(
    string Event, string? Device, string Topic, string? Stream, ulong? Sequence, DateTimeOffset? PublishedAt, DateTimeOffset ReceivedAt, string Integration,
    string Outcome, DateTimeOffset? At, double? DelaySeconds, int Attempts, string LastError);
