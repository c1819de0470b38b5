using System.Text.Json;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Devices;

/// <summary>Runs <c>fleet</c>.</summary>
/// <param name="options">What is simulated.</param>
/// <param name="terminal">The standard streams.</param>
/// <param name="time">The clock.</param>
internal sealed class FleetCommand(FleetOptions options, Terminal terminal, TimeProvider time)
{
    /// <summary>Devices start over this part of the time, so that they do not all connect at once.</summary>
    private const double StartingPart = 0.1;

    /// <summary>Simulates, waits until everything is stored, and tells what became of it.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>0 when everything that was published is stored.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var tally = new FleetTally();
        var devices = new List<FleetDevice>();
        using var publishing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task>();
        terminal.Error.WriteLine($"holdfast fleet: {options.Devices} devices for {Durations.Format(options.Duration)}, seed {options.Seed}");
        try
        {
            TimeSpan step = options.Duration * StartingPart / options.Devices;
            long start = time.GetTimestamp();
            for (int i = 0; i < options.Devices; i++)
            {
                TimeSpan ahead = (step * i) - time.GetElapsedTime(start);
                if (ahead > TimeSpan.FromMilliseconds(10))
                {
                    await Task.Delay(ahead, time, cancellationToken);
                }

                var device = new FleetDevice(options, i, tally, time);
                devices.Add(device);
                running.Add(device.RunAsync(publishing.Token));
            }

            TimeSpan left = options.Duration - time.GetElapsedTime(start);
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
            await publishing.CancelAsync();
            await Task.WhenAll(running);
            await DrainAsync(devices, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await publishing.CancelAsync();
            await Task.WhenAll(running);
        }

        await Task.WhenAll(devices.Select(d => d.DisposeAsync().AsTask()));
        return Report(tally.Result with { Devices = options.Devices, Seed = options.Seed });
    }

    private async Task DrainAsync(List<FleetDevice> devices, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Draining, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await Task.WhenAll(devices.Select(d => d.DrainAsync(either.Token)));
        }
        catch (OperationCanceledException)
        {
            // What is left is counted.
        }
    }

    private int Report(FleetResult result)
    {
        terminal.Text.WriteLine(options.Json ? JsonSerializer.Serialize(result, DevicesJson.Default.FleetResult) : string.Create(
            null,
            $"{result.Published} published, {result.Stored} acknowledged, {result.Waiting} waiting, {result.Dropped} dropped\n"
                + $"{result.Connections} connections, {result.Reboots} reboots, degraded {result.Degraded} times, offline {result.Offline} times\n"
                + $"{result.BytesPerEvent} bytes on the wire for each event"));
        return result is { Waiting: 0, Dropped: 0 } ? ExitCodes.Success : terminal.Fail("not everything is stored: raise --drain, or look at the broker.");
    }
}
