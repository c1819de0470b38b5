namespace Holdfast.Log.Postgres;

/// <summary>No primary could be reached. It may return by itself; nothing is known to be lost.</summary>
public sealed class DatabaseUnavailableException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which hosts were tried and what each said.</param>
    /// <param name="innerException">The last error.</param>
    public DatabaseUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
