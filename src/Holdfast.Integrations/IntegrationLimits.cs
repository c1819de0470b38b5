namespace Holdfast.Integrations;

/// <summary>
/// The limits of one integration. Its memory is bounded by <see cref="WindowBytes"/> (plus one event) for each partition, whatever
/// its receiver does. An event that is not confirmed blocks its own key only, until its successors fill the window of its partition, or the
/// partition is <see cref="SpanRecords"/> ahead of it; then the keys of that partition wait, and no others.
/// </summary>
public sealed record IntegrationLimits
{
    /// <summary>The limits of a node.</summary>
    public static IntegrationLimits Default { get; } = new();

    /// <summary>Most unconfirmed events of a partition.</summary>
    public int WindowEvents { get; init; } = 512;

    /// <summary>
    /// How far, in records, a partition is read beyond its oldest unconfirmed event. The cursor stays at that event, so this is also what a
    /// restart can repeat of a partition while an event of it fails.
    /// </summary>
    public int SpanRecords { get; init; } = 65_536;

    /// <summary>Most bytes of the unconfirmed events of a partition, as JSON. One event always fits.</summary>
    public int WindowBytes { get; init; } = 1024 * 1024;

    /// <summary>Most bytes of the events of one request. One event always fits.</summary>
    public int BatchBytes { get; init; } = 1024 * 1024;

    /// <summary>How many attempts have to fail in a row before the receiver is left alone for a while.</summary>
    public int FailuresToOpenCircuit { get; init; } = 5;

    /// <summary>The longest pause that a receiver can ask for.</summary>
    public TimeSpan MaximumRetryAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Most dead letters of an integration; when there are so many, events that are refused for good are repeated like others.</summary>
    public int DeadLetters { get; init; } = 10_000;

    /// <summary>Most replays of an integration at the same time.</summary>
    public int Replays { get; init; } = 8;

    /// <summary>How much of a response's body is kept with a dead letter, in bytes.</summary>
    public int DeadLetterResponseBytes { get; init; } = 4096;

    /// <summary>How many bytes one read of the log asks for.</summary>
    public int ReadBytes { get; init; } = 256 * 1024;

    /// <summary>How much of a response's body is read, in bytes, to keep the connection; beyond it the connection is closed.</summary>
    public int ResponseBytes { get; init; } = 64 * 1024;

    /// <summary>The shortest pause after a failed attempt.</summary>
    public TimeSpan MinimumRetryDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest pause after a failed attempt.</summary>
    public TimeSpan MaximumRetryDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most events of an integration that are done and whose receipts are not published yet; beyond, no further attempt begins.</summary>
    public int WaitingReceipts { get; init; } = 8192;

    /// <summary>Receipts are published at most so often, unless half of <see cref="WaitingReceipts"/> wait.</summary>
    public TimeSpan ReceiptInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the receipts of a device are kept after the last one.</summary>
    public TimeSpan ReceiptsKept { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The cursor is saved at most so often.</summary>
    public TimeSpan CursorInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the saving of a cursor waits for the journal of attempts; then the cursor stays where it was, and a restart repeats.</summary>
    public TimeSpan JournalWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a shutdown waits for the attempts in flight.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(5);
}
