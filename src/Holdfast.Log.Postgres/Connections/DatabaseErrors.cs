using Npgsql;

namespace Holdfast.Log.Postgres.Connections;

/// <summary>What an error says about the statement that met it.</summary>
internal static class DatabaseErrors
{
    /// <summary>Judges the failure of a statement that was sent.</summary>
    /// <param name="error">The failure.</param>
    public static OutcomeKind Judge(Exception error) => error is PostgresException { InvariantSeverity: "ERROR" } answer
        ? Judge(answer.SqlState)
        : OutcomeKind.Unknown;

    private static OutcomeKind Judge(string sqlState) => sqlState switch
    {
        PostgresErrorCodes.DiskFull => OutcomeKind.Full,
        PostgresErrorCodes.ReadOnlySqlTransaction => OutcomeKind.NotPrimary,
        PostgresErrorCodes.LockNotAvailable
            or PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.QueryCanceled
            or PostgresErrorCodes.OutOfMemory
            or PostgresErrorCodes.InsufficientResources
            or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.TooManyConnections
            or PostgresErrorCodes.ConfigurationLimitExceeded => OutcomeKind.Retry,

        // A table was attached or dropped between planning and running.
        PostgresErrorCodes.CheckViolation
            or PostgresErrorCodes.ObjectNotInPrerequisiteState
            or PostgresErrorCodes.FeatureNotSupported => OutcomeKind.Retry,

        // Said by a server that is going down or has lost its connection; what it did is not to be concluded from its last words.
        _ when sqlState.StartsWith("57P", StringComparison.Ordinal) || sqlState.StartsWith("08", StringComparison.Ordinal) => OutcomeKind.Unknown,
        _ => OutcomeKind.Failed,
    };
}
