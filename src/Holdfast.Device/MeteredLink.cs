namespace Holdfast.Device;

/// <summary>
/// When events are sent over a link on which every byte, or every minute of the radio, is paid for: by schedule, by size, or because one is urgent.
/// Whatever makes the device send lets everything go that waits.
/// </summary>
public sealed record MeteredLink
{
    /// <summary>Events wait at most this long for others after the last sending.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>As many new payload bytes are sent at once.</summary>
    public int Bytes { get; init; } = 64 * 1024;

    internal void Validate()
    {
        if (Interval <= TimeSpan.Zero || Bytes <= 0)
        {
            throw new ArgumentException($"{nameof(Interval)} and {nameof(Bytes)} of a metered link must be above zero.");
        }
    }
}
