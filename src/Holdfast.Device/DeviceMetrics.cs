using System.Diagnostics.Metrics;
using Holdfast.Device.Connections;

namespace Holdfast.Device;

/// <summary>The device as instruments of the meter <c>Holdfast.Device</c>, each with the device's id as the tag <c>device</c>.</summary>
internal sealed class DeviceMetrics : IDisposable
{
    private readonly Meter _meter;

    public DeviceMetrics(HoldfastDevice device, string id)
    {
        _meter = new Meter(new MeterOptions("Holdfast.Device") { Tags = [new("device", id)] });
        Count("holdfast_device_bytes_sent", "By", "Bytes written to sockets, TLS included.", () => device.Traffic.BytesSent);
        Count("holdfast_device_bytes_received", "By", "Bytes read from sockets, TLS included.", () => device.Traffic.BytesReceived);
        Count("holdfast_device_events_stored", "{event}", "Events that the cloud has acknowledged.", () => device.Traffic.EventsStored);
        Count("holdfast_device_publishes", "{publish}", "Publishes that carried them.", () => device.Traffic.Publishes);
        Count("holdfast_device_connections", "{connection}", "Connections that were accepted.", () => device.Traffic.Connections);
        _meter.CreateObservableGauge("holdfast_device_waiting", () => device.Waiting, "{event}", "Events in the outbox.");
        _meter.CreateObservableGauge("holdfast_device_online", () => device.Connectivity.State == ConnectivityState.Online ? 1 : 0, description: "1 while events are acknowledged.");
    }

    public void Dispose() => _meter.Dispose();

    private void Count(string name, string unit, string description, Func<long> read) => _meter.CreateObservableCounter(name, read, unit, description);
}
