using System.Text;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests.Harness;

/// <summary>Devices without disk and network.</summary>
internal static class MemoryDevice
{
    public static readonly DeviceOptions Options = new()
    {
        DeviceId = "d",
        Endpoints = [new Uri("mqtt://one")],
        Outbox = new OutboxOptions { FlushInterval = TimeSpan.Zero },
        FirstBackOff = TimeSpan.FromMilliseconds(1),
        LongestBackOff = TimeSpan.FromMilliseconds(1),
    };

    public static HoldfastDevice Start(ICloudConnector cloud, DeviceOptions options, TimeProvider? time = null)
        => HoldfastDevice.Start(options, EventOutbox.Open(options.Outbox, time ?? TimeProvider.System), time ?? TimeProvider.System, connector: cloud);

    public static Task PublishAsync(this HoldfastDevice device, string text, EventPriority priority = EventPriority.Normal)
        => device.PublishAsync(new DeviceEvent("e", Encoding.UTF8.GetBytes(text)) { Priority = priority }).Soon();

    /// <summary>Publishes all at once, in order.</summary>
    public static Task PublishAllAsync(this HoldfastDevice device, params IEnumerable<string> texts)
        => Task.WhenAll(texts.Select(t => device.PublishAsync(t)).ToList());
}
