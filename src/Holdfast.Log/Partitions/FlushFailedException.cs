namespace Holdfast.Log.Partitions;

/// <summary>
/// The disk did not confirm a flush. After that nobody can say what is stored, and a second flush may succeed without having written
/// anything; the only safe continuation is to end the process and recover from what the disk holds.
/// </summary>
public sealed class FlushFailedException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What failed, and where.</param>
    /// <param name="innerException">The system's error.</param>
    public FlushFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
