namespace Holdfast.Log.State;

/// <summary>The state store cannot do what was asked. The message names the file and says what to do.</summary>
public class StateStoreException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What failed, and where.</param>
    /// <param name="innerException">The engine's error.</param>
    public StateStoreException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>There is no room for the change: nothing of it was stored. Later changes succeed once there is room again.</summary>
public sealed class StateStoreFullException : StateStoreException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which file could not grow.</param>
    /// <param name="innerException">The engine's error.</param>
    public StateStoreFullException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The database that holds the state does not answer: whether the change was stored is unknown. It may be repeated when the database is back.</summary>
public sealed class StateStoreUnavailableException : StateStoreException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What failed, and where.</param>
    /// <param name="innerException">The engine's error.</param>
    public StateStoreUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The file is not a state store, or is damaged.</summary>
public sealed class StateStoreCorruptException : StateStoreException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which file is damaged.</param>
    /// <param name="innerException">The engine's error.</param>
    public StateStoreCorruptException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
