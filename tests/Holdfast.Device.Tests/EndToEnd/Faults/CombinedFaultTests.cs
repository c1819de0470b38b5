using System.Globalization;
using System.Text.Json;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests.EndToEnd.Faults;

/// <summary>
/// Power cuts of the device, with torn writes, while the cloud is killed, stopped, or behind a network that has gone half open: every event that the outbox had taken is stored once and in
/// order, and custody finds no gap. Device and server are real processes; the faults come from the seed.
/// </summary>
public sealed class CombinedFaultTests : IDisposable
{
    private const string Id = "pump-9";
    private const string SeedVariable = "HOLDFAST_SEED";
    private const int LongRounds = 40;
    private const int MostEventsBetweenFaults = 400;
    private const int BetweenUrgentOnes = 16;
    private const long NumbersOfALife = 1_000_000;

    private readonly TemporaryDirectory _directory = new();
    private readonly List<long> _accepted = [];
    private int _lives;

    public void Dispose() => _directory.Dispose();

    /// <summary>Each fault of the cloud once, in an order from the seed.</summary>
    [Theory]
    [InlineData(1)]
    public Task Every_event_that_was_taken_is_stored_once_in_order_and_without_a_gap(int seed)
    {
        var random = new Random(seed);
        var faults = Enum.GetValues<CloudFault>();
        random.Shuffle(faults);
        return RunAsync(random, faults, $"seed {seed}");
    }

    [Fact]
    [Trait("Category", "Long")]
    public Task Every_event_that_was_taken_is_stored_once_in_order_and_without_a_gap_over_many_faults()
    {
        var seed = Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"{SeedVariable}={seed}");
        var random = new Random(seed);
        return RunAsync(random, random.GetItems(Enum.GetValues<CloudFault>(), LongRounds), $"{SeedVariable}={seed}");
    }

    private async Task RunAsync(Random random, CloudFault[] faults, string context)
    {
        await using var cloud = await CloudUnderFaults.StartAsync(_directory.Below("data"));
        var device = StartDevice(cloud, random);
        try
        {
            foreach (var fault in faults)
            {
                await device.UntilAsync(ConnectivityState.Online);
                await device.AcceptAsync(random.Next(1, MostEventsBetweenFaults));
                var said = device.States.Count;
                await cloud.BreakAsync(fault);
                await device.AcceptAsync(random.Next(1, MostEventsBetweenFaults));
                if (CloudUnderFaults.IsSilent(fault) && random.Next(3) > 0)
                {
                    await device.UntilNoticedAsync(said);
                }

                if (random.Next(3) > 0)
                {
                    await device.KillAsync();
                    device.Dispose();
                    device = StartDevice(cloud, random);
                    await device.AcceptAsync(random.Next(1, MostEventsBetweenFaults));
                }

                await cloud.MendAsync(fault, isLate: random.Next(2) == 0);
            }

            await device.UntilAsync(ConnectivityState.Online);
            await device.KillAsync();
        }
        finally
        {
            device.Dispose();
        }

        await DrainAsync(cloud);
        await JudgeAsync(cloud.Server, context);
    }

    /// <summary>Every other life is that of a device whose disk is torn when it is killed.</summary>
    private PublishingDevice StartDevice(CloudUnderFaults cloud, Random random)
    {
        var first = ++_lives * NumbersOfALife;
        return new PublishingDevice(PublishingDevice.Managed, _accepted, _directory.Below("outbox"), Id, first, random.Next(2) * random.Next(1, int.MaxValue), cloud.Ports);
    }

    private async Task DrainAsync(CloudUnderFaults cloud)
    {
        await using var device = HoldfastDevice.Start(new DeviceOptions
        {
            DeviceId = Id,
            Endpoints = [.. cloud.Ports.Select(port => new Uri($"mqtt://127.0.0.1:{port}"))],
            Outbox = new OutboxOptions { Directory = _directory.Below("outbox") },
        });
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(0UL, (await device.GetStatisticsAsync()).Dropped);
    }

    private async Task JudgeAsync(ServerProcess server, string context)
    {
        var events = await StoredEvents.ReadAsync(server, Id);
        var stored = events.Select(e => long.Parse(e.Payload, CultureInfo.InvariantCulture)).ToList();
        Assert.True(_accepted.Count >= _lives, context);
        Assert.True(!_accepted.Except(stored).Any(), $"{_accepted.Except(stored).Count()} of {_accepted.Count} accepted events are not stored; {context}");
        foreach (var lane in stored.GroupBy(number => number % BetweenUrgentOnes == 0))
        {
            Assert.True(lane.Distinct().Order().SequenceEqual(lane), $"Events are stored twice or out of order; {context}");
        }

        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.HttpPort}") };
        using var custody = JsonDocument.Parse(await http.GetStringAsync($"/api/v1/products/default/devices/{Id}/custody", TestContext.Current.CancellationToken));
        var counts = custody.RootElement.GetProperty("events");
        Assert.True(counts.GetProperty("missing").GetInt64() == 0, $"Custody: {custody.RootElement.GetProperty("summary").GetString()}; {context}");
        Assert.True(counts.GetProperty("published").GetInt64() == events.Count && counts.GetProperty("accepted").GetInt64() == events.Count, context);
    }
}
