using System.Text.Json;
using System.Text.Json.Serialization;
using Holdfast.Device;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Devices;

/// <summary>Runs <c>agent</c>.</summary>
/// <param name="options">What is forwarded.</param>
/// <param name="terminal">The standard streams.</param>
internal sealed class AgentCommand(AgentOptions options, Terminal terminal)
{
    /// <summary>The most lines that wait for the disk; beyond it nothing is read.</summary>
    private const int MaximumUnflushed = 1024;

    /// <summary>Forwards until the input ends and everything is stored, or until it is told to end; what then waits stays in the outbox.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        HoldfastDevice device;
        try
        {
            device = HoldfastDevice.Start(options.Device);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return terminal.Fail($"the agent cannot start: {exception.Message}");
        }

        await using (device)
        {
            _ = TellChangesAsync(device);
            try
            {
                await (options.Files.Count == 0
                    ? ForwardAsync(device, new InputLines(terminal.Input), cancellationToken)
                    : Task.WhenAll(options.Files.Select(f => ForwardAsync(device, new FollowedFile(f, options.Device.Outbox.Directory!, TimeProvider.System), cancellationToken))));
                await device.DrainAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // What waits is sent after the next start.
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or OutboxFullException)
            {
                await ReportAsync(device);
                return terminal.Fail(exception.Message);
            }

            return await ReportAsync(device);
        }
    }

    private async Task ForwardAsync(HoldfastDevice device, ILineSource source, CancellationToken cancellationToken)
    {
        var unflushed = new Queue<Task>();
        try
        {
            while (await source.NextAsync(cancellationToken) is { } line)
            {
                if (line.Length > 0)
                {
                    unflushed.Enqueue(device.PublishAsync(new DeviceEvent(options.Name, line) { Priority = options.Priority, ContentType = options.ContentType }));
                }

                if (unflushed.Count >= MaximumUnflushed || !source.HasMore)
                {
                    await FlushAsync(unflushed);
                    source.Accepted();
                }
            }
        }
        finally
        {
            await FlushAsync(unflushed);
            source.Accepted();
        }
    }

    private static async Task FlushAsync(Queue<Task> unflushed)
    {
        while (unflushed.TryDequeue(out Task? one))
        {
            await one;
        }
    }

    private async Task TellChangesAsync(HoldfastDevice device)
    {
        await foreach (ConnectivityStatus status in device.ConnectivityChanges)
        {
            terminal.Error.WriteLine($"holdfast agent: {status.State.ToString().ToLowerInvariant()}: {status.Reason}");
        }
    }

    private async Task<int> ReportAsync(HoldfastDevice device)
    {
        OutboxStatistics outbox = await device.GetStatisticsAsync();
        TrafficStatistics traffic = device.Traffic;
        var line = new AgentLine(traffic.EventsStored, outbox.Waiting, outbox.Dropped, traffic.BytesSent, traffic.BytesReceived, Math.Round(traffic.BytesPerEvent, 1));
        terminal.Text.WriteLine(options.Json
            ? JsonSerializer.Serialize(line, DevicesJson.Default.AgentLine)
            : $"{line.Stored} stored, {line.Waiting} waiting, {line.Dropped} dropped, {line.BytesPerEvent} bytes on the wire for each");
        return ExitCodes.Success;
    }
}

/// <summary>The result of <c>agent</c>.</summary>
/// <param name="Stored">Events that the cloud acknowledged in this run.</param>
/// <param name="Waiting">Events that are left in the outbox.</param>
/// <param name="Dropped">Events that were given up since the outbox was made.</param>
/// <param name="BytesSent">Bytes written to sockets.</param>
/// <param name="BytesReceived">Bytes read from sockets.</param>
/// <param name="BytesPerEvent">Bytes both ways for each stored event.</param>
internal sealed record AgentLine(long Stored, long Waiting, ulong Dropped, long BytesSent, long BytesReceived, double BytesPerEvent);

/// <summary>JSON of this folder's records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AgentLine))]
[JsonSerializable(typeof(FleetResult))]
internal sealed partial class DevicesJson : JsonSerializerContext;
