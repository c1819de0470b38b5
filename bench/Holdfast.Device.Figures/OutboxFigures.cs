using System.Diagnostics;
using Holdfast.Device.Outbox;
using Holdfast.Testing;

namespace Holdfast.Device.Figures;

/// <summary>What the outbox takes in a second, writes for each event, and holds in memory.</summary>
internal static class OutboxFigures
{
    private const int Events = 500_000;
    private const int PayloadBytes = 100;
    private const int Publishers = 2_000;
    private const int Alone = 200;

    public static async Task PrintAsync(TemporaryDirectory directory)
    {
        await FillAsync(directory.Below("warm"), 20_000);
        var (seconds, statistics, memory) = await FillAsync(directory.Below("many"), Events);
        Print($"events/s into the outbox on disk ({Publishers:N0} at once, {statistics.Flushes:N0} flushes)", $"{Events / seconds:N0}");
        Print($"events/s through the outbox on disk: taken, read and forgotten ({Publishers:N0} at once)", $"{Events / await PassAsync(directory.Below("through")):N0}");
        Print("bytes written to flash for an event of 100 bytes, many at once", $"{(double)statistics.BytesWritten / Events:N0}");
        Print($"managed memory that {Events:N0} waiting events take", $"{memory / 1024.0:N0} kB");
        Print("bytes written to flash for an event of 100 bytes, each flushed alone", $"{await WriteAloneAsync(directory.Below("alone")):N0}");
    }

    public static void Print(string figure, string value) => Console.WriteLine($"| {figure} | {value} |");

    private static async Task<(double Seconds, OutboxStatistics Statistics, long Memory)> FillAsync(string path, int events)
    {
        await using var device = HoldfastDevice.Start(Options(path) with { Outbox = Large(path) });
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var start = Stopwatch.GetTimestamp();
        await PublishAsync(device, events);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (seconds, await device.GetStatisticsAsync(), GC.GetTotalMemory(forceFullCollection: true) - before);
    }

    /// <summary>The same with a cloud that stores everything at once.</summary>
    private static async Task<double> PassAsync(string path)
    {
        var options = Options(path) with { Outbox = Large(path) };
        await using var device = HoldfastDevice.Start(options, EventOutbox.Open(options.Outbox, TimeProvider.System), TimeProvider.System, connector: new InstantCloud());
        var start = Stopwatch.GetTimestamp();
        await PublishAsync(device, Events);
        await device.DrainAsync();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static Task PublishAsync(HoldfastDevice device, int events)
    {
        var payload = new byte[PayloadBytes];
        return Task.WhenAll(Enumerable.Range(0, Publishers).Select(async _ =>
        {
            for (var i = 0; i < events / Publishers; i++)
            {
                await device.PublishAsync(new DeviceEvent("pressure", payload));
            }
        }));
    }

    private static OutboxOptions Large(string path) => new() { Directory = path, MaximumBytes = 1L << 30, FlushBytes = 256 * 1024 };

    private static async Task<double> WriteAloneAsync(string path)
    {
        await using var device = HoldfastDevice.Start(Options(path) with { Outbox = new OutboxOptions { Directory = path, FlushInterval = TimeSpan.Zero } });
        for (var i = 0; i < Alone; i++)
        {
            await device.PublishAsync(new DeviceEvent("pressure", new byte[PayloadBytes]));
        }

        return (double)(await device.GetStatisticsAsync()).BytesWritten / Alone;
    }

    /// <summary>A device that nobody answers: everything waits.</summary>
    private static DeviceOptions Options(string path) => new()
    {
        DeviceId = "pump-7",
        Endpoints = [new Uri($"mqtt://127.0.0.1:{FreePorts.Take()}")],
        Outbox = new OutboxOptions { Directory = path },
        FirstBackOff = TimeSpan.FromHours(1),
        LongestBackOff = TimeSpan.FromHours(1),
    };
}
