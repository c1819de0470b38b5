using System.Globalization;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Health;

/// <summary>
/// When clients that are sent away may come back: each gets a slot of its own, so that they return at a set rate and not all at once. The user property <c>hf-retry-after</c> of CONNACK and DISCONNECT
/// tells it, in seconds. Thread-safe.
/// </summary>
/// <param name="clientsPerSecond">How many slots there are in a second.</param>
/// <param name="time">The clock.</param>
internal sealed class RetrySlots(int clientsPerSecond, TimeProvider time)
{
    /// <summary>The user property.</summary>
    public const string Property = "hf-retry-after";

    /// <summary>The first slot: what has just failed will hardly work at once.</summary>
    public static readonly TimeSpan Soonest = TimeSpan.FromSeconds(1);

    /// <summary>The last slot. Clients that come before their turn and take another one do not push the others beyond it.</summary>
    public static readonly TimeSpan Latest = TimeSpan.FromMinutes(1);

    private readonly TimeSpan _step = TimeSpan.FromSeconds(1.0 / clientsPerSecond);
    private readonly Lock _lock = new();
    private DateTimeOffset _last = DateTimeOffset.MinValue;

    /// <summary>Gives the next slot.</summary>
    public UserProperty Take()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var slot = _last + _step;
            _last = slot < now + Soonest ? now + Soonest : slot > now + Latest ? now + Latest : slot;
            return new UserProperty(Property, (_last - now).TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture));
        }
    }
}
