namespace Holdfast.Log.Segments;

/// <summary>The store cannot be opened as it is: no directory, no permission, another number of partitions, another format. The message says which.</summary>
public sealed class StoreUnusableException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, and with which file.</param>
    public StoreUnusableException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, and with which file.</param>
    /// <param name="innerException">The system's error.</param>
    public StoreUnusableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
