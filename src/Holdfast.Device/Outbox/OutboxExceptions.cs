namespace Holdfast.Device.Outbox;

/// <summary>The outbox is full, and its policy refuses the new event.</summary>
public sealed class OutboxFullException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="maximumBytes">The bound.</param>
    public OutboxFullException(long maximumBytes)
        : base($"The outbox holds its {maximumBytes} bytes, and its policy keeps those events. Raise MaximumBytes, or choose another policy.")
    {
    }
}

/// <summary>The event could not be written. It may, or may not, be sent after a restart.</summary>
public sealed class OutboxWriteException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="cause">What the file system said.</param>
    public OutboxWriteException(Exception cause)
        : base($"The event was not written to the outbox: {cause.Message} Publish it again; look after the disk if that goes on.", cause)
    {
    }
}
