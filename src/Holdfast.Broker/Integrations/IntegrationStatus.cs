namespace Holdfast.Broker.Integrations;

/// <summary>An integration and how far it is. Counts are since the start of the process.</summary>
public sealed record IntegrationStatus
{
    /// <summary>What it carries, and where to.</summary>
    public required IntegrationDefinition Definition { get; init; }

    /// <summary>When it was added.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What it does now.</summary>
    public required IntegrationState State { get; init; }

    /// <summary>Events that the receiver confirmed.</summary>
    public long Delivered { get; init; }

    /// <summary>Events that the receiver refused for good, and that became dead letters.</summary>
    public long DeadLettered { get; init; }

    /// <summary>Dead letters that are kept now.</summary>
    public int DeadLetters { get; init; }

    /// <summary>Until when the secret before the last rotation is valid; null when there is none.</summary>
    public DateTimeOffset? PreviousSecretExpiresAt { get; init; }

    /// <summary>Attempts that failed; each was or will be repeated.</summary>
    public long FailedAttempts { get; init; }

    /// <summary>Events that expired before they could be delivered.</summary>
    public long Expired { get; init; }

    /// <summary>Records that retention removed before they could be delivered; not all of them need have matched the filter.</summary>
    public long TrimmedUnread { get; init; }

    /// <summary>Records that were found damaged and could not be delivered; not all of them need have matched the filter.</summary>
    public long DamagedUnread { get; init; }

    /// <summary>Records between the cursor and the end of the log; not all of them need match the filter.</summary>
    public long Behind { get; init; }

    /// <summary>About the bytes of the log that these records have: at the average size of all records that it holds.</summary>
    public long BehindBytes { get; init; }

    /// <summary>When the oldest event that waits for its confirmation was received; null when none waits.</summary>
    public DateTimeOffset? OldestWaiting { get; init; }

    /// <summary>When the first of the events that failed is attempted again; null when none waits for that.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>How a bridge stands with the other broker; null for a kind without a lasting connection, and while it is paused.</summary>
    public IntegrationConnection? Connection { get; init; }

    /// <summary>What the last failed attempt met; null when none has failed.</summary>
    public string? LastError { get; init; }

    /// <summary>When that was.</summary>
    public DateTimeOffset? LastErrorAt { get; init; }
}

/// <summary>How a bridge stands with the other broker. Counts are since the start of the process.</summary>
public sealed record IntegrationConnection
{
    /// <summary>Whether it is connected, with its subscriptions made.</summary>
    public required bool IsConnected { get; init; }

    /// <summary>Since when it is, or is not; null before the first attempt.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When it connects again; null while it is connected or on its way.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>Why the last connection ended or was not made; null when none has.</summary>
    public string? Error { get; init; }

    /// <summary>When that was.</summary>
    public DateTimeOffset? ErrorAt { get; init; }

    /// <summary>Messages of the other broker that were stored here and acknowledged there.</summary>
    public long Received { get; init; }

    /// <summary>Messages of the other broker that cannot be stored here: the topic or the size is not allowed. They are acknowledged, and said in the log.</summary>
    public long Refused { get; init; }

    /// <summary>Messages that had gone out from this product and came back; they are acknowledged and not stored again.</summary>
    public long Returned { get; init; }

    /// <summary>QoS 0 messages of the other broker that were dropped, because more waited than may.</summary>
    public long Dropped { get; init; }
}

/// <summary>What an integration does.</summary>
public enum IntegrationState
{
    /// <summary>Everything announced is delivered.</summary>
    Idle,

    /// <summary>Events are on their way.</summary>
    Delivering,

    /// <summary>At least one event failed and waits for its next attempt.</summary>
    Retrying,

    /// <summary>The receiver fails; nothing but a probe is sent to it now and then.</summary>
    Open,

    /// <summary>An operator has paused it.</summary>
    Paused,

    /// <summary>A replay that has sent everything.</summary>
    Completed,

    /// <summary>Not running: the node shuts down, or another one runs it.</summary>
    Stopped,
}
