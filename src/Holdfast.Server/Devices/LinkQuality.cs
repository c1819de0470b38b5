namespace Holdfast.Server.Devices;

/// <summary>How well a simulated device is connected.</summary>
/// <param name="Latency">Each way.</param>
/// <param name="Loss">The part of writes that is lost at first, and arrives after the time of a retransmission.</param>
/// <param name="Lifetime">The mean time until a connection breaks; null for never.</param>
/// <param name="HalfOpen">The part of those breaks of which the device hears nothing: what it sends goes nowhere, and nothing comes.</param>
internal sealed record LinkQuality(TimeSpan Latency, double Loss, TimeSpan? Lifetime, double HalfOpen)
{
    /// <summary>The qualities, by name.</summary>
    public static IReadOnlyDictionary<string, LinkQuality> All { get; } = new Dictionary<string, LinkQuality>
    {
        ["perfect"] = new(TimeSpan.Zero, 0, null, 0),
        ["good"] = new(TimeSpan.FromMilliseconds(20), 0.001, TimeSpan.FromMinutes(30), 0.1),
        ["mobile"] = new(TimeSpan.FromMilliseconds(80), 0.02, TimeSpan.FromMinutes(2), 0.3),
        ["bad"] = new(TimeSpan.FromMilliseconds(300), 0.1, TimeSpan.FromSeconds(15), 0.5),
    };
}
