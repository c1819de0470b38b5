using System.Diagnostics;
using System.Globalization;
using Holdfast.Broker.Integrations;
using Holdfast.WebhookBench;

// Measures webhooks against a receiver in the same process: what is published while the integration is paused is delivered as fast as it can be.
//   dotnet run -c Release --project bench/Holdfast.WebhookBench -- [single|batched|replay|many|custody] [--no-journal]
if (args is [ReceiverProcess.Argument, .. var receiver])
{
    await ReceiverProcess.RunAsync(receiver);
    return;
}

string[] named = [.. args.Where(argument => argument != "--no-journal")];
BenchNode.KeepsJournal = named.Length == args.Length;
string[] scenarios = named.Length > 0 ? named : ["single", "batched", "replay", "many", "custody"];
foreach (var scenario in scenarios)
{
    await (scenario switch
    {
        "single" => DrainAsync("single", 100_000, """ "concurrency":64 """),
        "batched" => DrainAsync("batched", 1_000_000, """ "maxBatch":500,"concurrency":8 """),
        "replay" => ReplayAsync(2_000_000),
        "many" => ManyIntegrations.RunAsync(),
        "custody" => CustodyFigures.RunAsync(),
        _ => throw new ArgumentException($"There is no scenario '{scenario}'."),
    });
}

static async Task DrainAsync(string name, int events, string settings)
{
    using var receiver = new Receiver();
    await using var node = await BenchNode.StartAsync();
    await node.AddAsync("hook", "#", $$"""{"url":"{{receiver.Url}}","paused":true,{{settings}}}""");
    await node.PublishAsync(events, devices: 1_000);
    var watch = Stopwatch.StartNew();
    await node.Service.ChangeAsync("bench", "hook", System.Text.Json.JsonElement.Parse("""{"paused":false}"""), CancellationToken.None);
    await Until.TrueAsync(() => node.Service.Find("bench", "hook")!.Delivered >= events);
    Print(name, events, watch.Elapsed);
}

// A replay of one device's events among those of a thousand others, by a filter that has to look at every record: what is measured is the reading.
static async Task ReplayAsync(int events)
{
    using var receiver = new Receiver();
    await using var node = await BenchNode.StartAsync();
    await node.AddAsync("hook", "+/+/events/#", $$"""{"url":"{{receiver.Url}}","paused":true,"eventPrefix":"none"}""");
    await node.PublishAsync(events, devices: 1_000);
    var watch = Stopwatch.StartNew();
    var replay = await node.Service.Deliveries.ReplayAsync("bench", "hook", new ReplayRequest { From = DateTimeOffset.UnixEpoch }, CancellationToken.None);
    await Until.TrueAsync(() => node.Service.Find("bench", replay.Integration!.Definition.Name)!.State == IntegrationState.Completed);
    Print("replay, reading", events, watch.Elapsed);
}

static void Print(string name, int events, TimeSpan time)
    => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {events:N0} events in {time.TotalSeconds:0.00} s: {events / time.TotalSeconds:N0} events/s"));
