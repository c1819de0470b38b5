namespace Holdfast.Server.CommandLine;

/// <summary>The exit codes of the executable.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>It did not work; standard error says why.</summary>
    public const int Failure = 1;

    /// <summary>The command line was wrong.</summary>
    public const int Usage = 2;

    /// <summary><c>sub -W</c> ended by its time limit, as mosquitto_sub does it.</summary>
    public const int TimedOut = 27;

    /// <summary>Ended by SIGINT or SIGTERM before it was done.</summary>
    public const int Interrupted = 130;

    /// <summary>The store can no longer be trusted: a flush has failed.</summary>
    public const int StoreFailed = 74;

    /// <summary>The cluster has taken this node for dead; started again it is a node like any other.</summary>
    public const int TakenForDead = 75;
}
