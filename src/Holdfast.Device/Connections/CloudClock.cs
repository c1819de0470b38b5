using System.Globalization;

namespace Holdfast.Device.Connections;

/// <summary>How far the device's clock is from the cloud's, measured when a connection is accepted. Thread-safe.</summary>
internal sealed class CloudClock(TimeProvider time)
{
    private long _offsetTicks = long.MinValue;

    /// <summary>The cloud's clock minus the device's, to half the time of an exchange; null before the cloud has told its time.</summary>
    public TimeSpan? Offset => Interlocked.Read(ref _offsetTicks) is var ticks && ticks == long.MinValue ? null : TimeSpan.FromTicks(ticks);

    /// <summary>The cloud is asked now.</summary>
    public long Ask() => time.GetTimestamp();

    /// <summary>The cloud answered now.</summary>
    /// <param name="asked">What <see cref="Ask"/> returned.</param>
    /// <param name="unixMilliseconds">The cloud's time as text; null when it tells none.</param>
    public void Answered(long asked, string? unixMilliseconds)
    {
        if (long.TryParse(unixMilliseconds, CultureInfo.InvariantCulture, out var told) && told is > 0 and < 253_402_300_800_000)
        {
            var middle = time.GetUtcNow() - (time.GetElapsedTime(asked) / 2);
            Interlocked.Exchange(ref _offsetTicks, (DateTimeOffset.FromUnixTimeMilliseconds(told) - middle).Ticks);
        }
    }
}
