namespace Holdfast.Status.Storage;

/// <summary>The status page's data cannot be used. The message says why and what to do.</summary>
public sealed class StatusDataException : IOException
{
    /// <summary>Makes one.</summary>
    /// <param name="message">Why, and what to do.</param>
    /// <param name="innerException">What lies behind it, or null.</param>
    public StatusDataException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
