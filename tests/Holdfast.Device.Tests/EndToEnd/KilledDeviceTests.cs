using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>A device that is killed again and again, and a server that is killed meanwhile: every event that the outbox had taken is stored once, in order.</summary>
public sealed class KilledDeviceTests : IDisposable
{
    private const string Id = "pump-9";
    private const int Lives = 5;
    private const long NumbersPerLife = 1_000_000;

    private static readonly string DotnetHost = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Every_accepted_event_is_stored_once(int seed)
    {
        var random = new Random(seed);
        var arguments = new ServerArguments(_directory.Below("data")) { MqttPort = FreePorts.Take() };
        List<long> accepted = [];
        var server = await ServerProcess.StartAsync(arguments);
        try
        {
            for (var life = 1; life <= Lives; life++)
            {
                using var device = StartDevice(arguments.MqttPort, life * NumbersPerLife);
                await ReadAcceptedAsync(device, accepted, random.Next(20, 400));
                if (life == Lives / 2)
                {
                    await server.KillAsync();
                    await ReadAcceptedAsync(device, accepted, random.Next(20, 400));
                }

                Signals.Send(device.Id, Signals.Kill);
                await ReadAcceptedAsync(device, accepted, int.MaxValue);
                await device.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
                if (life == Lives / 2)
                {
                    await server.DisposeAsync();
                    server = await ServerProcess.StartAsync(arguments);
                }
            }

            await DrainAsync(arguments.MqttPort);
            var stored = (await StoredEvents.ReadAsync(server, Id)).Select(e => long.Parse(e.Payload, CultureInfo.InvariantCulture)).ToList();
            Assert.Empty(accepted.Except(stored));
            Assert.Equal(stored.Distinct().Order(), stored);
            Assert.InRange(accepted.Count, Lives * 20, int.MaxValue);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static async Task ReadAcceptedAsync(Process device, List<long> accepted, int count)
    {
        for (var i = 0; i < count && await device.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Soon() is { } line; i++)
        {
            // The kill may cut the last line short.
            var number = long.Parse(line, CultureInfo.InvariantCulture);
            if (number >= NumbersPerLife)
            {
                accepted.Add(number);
            }
        }
    }

    private async Task DrainAsync(int port)
    {
        await using var device = HoldfastDevice.Start(new DeviceOptions
        {
            DeviceId = Id,
            Endpoints = [new Uri($"mqtt://127.0.0.1:{port}")],
            Outbox = new OutboxOptions { Directory = _directory.Below("outbox") },
        });
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
    }

    private Process StartDevice(int port, long first)
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Holdfast.Device.Publisher.dll"), _directory.Below("outbox"),
            port.ToString(CultureInfo.InvariantCulture), Id, first.ToString(CultureInfo.InvariantCulture),
        ];
        return Process.Start(new ProcessStartInfo(DotnetHost, arguments) { RedirectStandardOutput = true })!;
    }
}
