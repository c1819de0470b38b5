using System.Diagnostics.Metrics;
using Holdfast.Device.Connections;
using Holdfast.Device.Tests.Harness;

namespace Holdfast.Device.Tests;

/// <summary>What a collector of metrics sees of a device.</summary>
public sealed class DeviceMetricsTests
{
    private readonly MemoryCloud _cloud = new() { AnswersAtOnce = null };

    [Fact]
    public async Task The_meter_tells_what_waits_what_is_stored_and_whether_the_device_is_online()
    {
        await using var device = MemoryDevice.Start(_cloud, MemoryDevice.Options with { DeviceId = "metered-7", MaximumInFlight = 1 });
        await device.PublishAsync("1");
        var first = await _cloud.NextAsync();
        await device.PublishAllAsync("2", "3");
        Assert.Equal((3L, 0L, 0L), Read("waiting", "events_stored", "online"));

        _cloud.AnswersAtOnce = PublishOutcome.Stored;
        first.Answer.SetResult(PublishOutcome.Stored);
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        await foreach (var status in device.ConnectivityChanges.WithCancellation(TestContext.Current.CancellationToken))
        {
            if (status.State == ConnectivityState.Online)
            {
                break;
            }
        }

        var (waiting, _, online) = Read("waiting", "events_stored", "online");
        Assert.Equal((0, 1), (waiting, online));
    }

    private static (long First, long Second, long Third) Read(params string[] names)
    {
        var values = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, receiver) =>
            {
                if (instrument.Meter.Name == "Holdfast.Device" && instrument.Meter.Tags?.Any(tag => tag is { Key: "device", Value: "metered-7" }) == true)
                {
                    receiver.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => values[instrument.Name] = value);
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => values[instrument.Name] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return (Value(0), Value(1), Value(2));

        long Value(int index) => values[$"holdfast_device_{names[index]}"];
    }
}
