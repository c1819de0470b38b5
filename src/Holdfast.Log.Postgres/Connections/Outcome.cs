namespace Holdfast.Log.Postgres.Connections;

/// <summary>What is known after a statement was tried.</summary>
internal enum OutcomeKind
{
    /// <summary>It was committed, and the answer came.</summary>
    Done,

    /// <summary>It was not sent: there was no connection to a primary.</summary>
    NotSent,

    /// <summary>The server refused it and rolled it back; the same may succeed a moment later.</summary>
    Retry,

    /// <summary>The server refused it and rolled it back: it takes no writes.</summary>
    NotPrimary,

    /// <summary>The server refused it and rolled it back: there is no room.</summary>
    Full,

    /// <summary>The server refused it and rolled it back for a reason that will not go away.</summary>
    Failed,

    /// <summary>It was sent, and nobody can say whether it was committed, or whether a standby has it.</summary>
    Unknown,
}

/// <summary>What became of a statement.</summary>
/// <param name="Kind">What is known.</param>
/// <param name="Value">The answer; only of <see cref="OutcomeKind.Done"/>.</param>
/// <param name="Error">Why it is not done.</param>
internal readonly record struct Outcome<T>(OutcomeKind Kind, T? Value = default, Exception? Error = null);
