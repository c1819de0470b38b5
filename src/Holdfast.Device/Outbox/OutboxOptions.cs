namespace Holdfast.Device.Outbox;

/// <summary>Where events wait, how many, and how long.</summary>
public sealed record OutboxOptions
{
    /// <summary>The smallest bound of an outbox, in bytes.</summary>
    public const long MinimumBytes = 64 * 1024;

    /// <summary>The directory of the outbox; null keeps events in memory only, and a reboot loses them. One process at a time may use it.</summary>
    public string? Directory { get; init; }

    /// <summary>With no <see cref="Directory"/>: memory that is handed from one device object to the next, for simulations; null for one of its own.</summary>
    public OutboxMemory? Memory { get; init; }

    /// <summary>The most bytes that the outbox takes; at least <see cref="MinimumBytes"/>.</summary>
    public long MaximumBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>An event that is older when its turn comes is dropped and counted; null keeps it. It needs a device clock that is right.</summary>
    public TimeSpan? MaximumAge { get; init; }

    /// <summary>The most events of a priority that are stored and wait for their receipts; then further ones of it wait to be sent, too.</summary>
    public int MaximumAwaitingDelivery { get; init; } = 65_536;

    /// <summary>What goes when the outbox is full.</summary>
    public FullPolicy WhenFull { get; init; } = FullPolicy.DropOldest;

    /// <summary>How long an event waits for others before they are flushed together. A longer one spares flash memory.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>As many waiting bytes are flushed at once.</summary>
    public int FlushBytes { get; init; } = 64 * 1024;

    /// <summary>The size at which a new file is begun. What is dropped for want of room is dropped by the file.</summary>
    internal int SegmentBytes => (int)Math.Clamp(MaximumBytes / 16, 4 * 1024, 4 * 1024 * 1024);

    /// <summary>The largest event, in bytes of its frame.</summary>
    internal int MaximumFrameBytes => (int)Math.Min(MaximumBytes / 4, 16 * 1024 * 1024);

    internal void Validate()
    {
        if (MaximumBytes < MinimumBytes)
        {
            throw new ArgumentException($"{nameof(MaximumBytes)} is {MaximumBytes}; an outbox takes at least {MinimumBytes} bytes.");
        }

        if (MaximumAwaitingDelivery < 1)
        {
            throw new ArgumentException($"{nameof(MaximumAwaitingDelivery)} must be above 0.");
        }

        if (FlushInterval < TimeSpan.Zero || FlushBytes <= 0)
        {
            throw new ArgumentException($"{nameof(FlushInterval)} must not be negative, and {nameof(FlushBytes)} must be above 0.");
        }
    }
}
