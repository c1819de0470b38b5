using Holdfast.Mqtt;
using Holdfast.Server.Bench.Results;
using Holdfast.Server.Bench.Scenarios;

namespace Holdfast.Server.Bench;

/// <summary>Which options a scenario takes beside those that all take.</summary>
[Flags]
internal enum BenchOptionGroups
{
    /// <summary>How many publishers.</summary>
    Publishing = 1,

    /// <summary>Subscribers.</summary>
    Subscribing = 2,

    /// <summary>Quality of service.</summary>
    Qos = 4,

    /// <summary>Bytes of a payload.</summary>
    Size = 8,

    /// <summary>Messages a second.</summary>
    Rate = 16,

    /// <summary>How many connections.</summary>
    Connections = 32,

    /// <summary>How many connects at once.</summary>
    AtOnce = 64,

    /// <summary>Messages that wait.</summary>
    Waiting = 128,

    /// <summary>Topics.</summary>
    Topics = 256,

    /// <summary>Messages without acknowledgement.</summary>
    Window = 512,

    /// <summary>How often connections send PINGREQ.</summary>
    KeepAlive = 1024,
}

/// <summary>A scenario as the command line knows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Example">Options of an example.</param>
/// <param name="Groups">The options it takes.</param>
/// <param name="Defaults">Its defaults.</param>
internal sealed record ScenarioDefinition(string Name, string Description, string Example, BenchOptionGroups Groups, BenchOptions Defaults);

/// <summary>All scenarios.</summary>
internal static class BenchScenarios
{
    private const BenchOptionGroups Load = BenchOptionGroups.Publishing | BenchOptionGroups.Window | BenchOptionGroups.Qos | BenchOptionGroups.Size | BenchOptionGroups.Rate;

    /// <summary>The scenarios, in the order of the help.</summary>
    public static readonly IReadOnlyList<ScenarioDefinition> All =
    [
        new("ingest", "Publishers, no subscriber: how fast messages are taken in.", "-q 1 --publishers 100 --window 100",
            Load, new() { Scenario = BenchScenario.Ingest, Publishers = 100 }),
        new("one", "One publisher, one subscriber.", "-q 0 --size 100",
            Load & ~BenchOptionGroups.Publishing, new() { Scenario = BenchScenario.One, Publishers = 1, Subscribers = 1 }),
        new("fan-in", "Many publishers, one subscriber that gets everything.", "-q 1 --publishers 100",
            Load | BenchOptionGroups.Subscribing, new() { Scenario = BenchScenario.FanIn, Publishers = 100, Subscribers = 1 }),
        new("fan-out", "One publisher, many subscribers.", "-q 0 --subscribers 100",
            Load & ~BenchOptionGroups.Publishing | BenchOptionGroups.Subscribing, new() { Scenario = BenchScenario.FanOut, Publishers = 1, Subscribers = 100 }),
        new("pairs", "Each publisher has a subscriber of its own.", "-q 1 --publishers 100",
            Load, new() { Scenario = BenchScenario.Pairs, Publishers = 100, Subscribers = 100 }),
        new("paced", "Devices that publish at a fixed rate; latency counts from the intended time.", "-q 1 --devices 1000 --rate 10000",
            Load | BenchOptionGroups.Subscribing, new() { Scenario = BenchScenario.Paced, Publishers = 1000, Rate = 10_000 }),
        new("mixed", "Publishers of QoS 0, 1 and 2 and of 16 B to 10 kB, each with a subscriber, and some that get everything.", "--publishers 96 --rate 10000",
            BenchOptionGroups.Publishing | BenchOptionGroups.Window | BenchOptionGroups.Subscribing | BenchOptionGroups.Rate,
            new() { Scenario = BenchScenario.Mixed, Publishers = 96, Subscribers = 2, Rate = 10_000, QualityOfService = QualityOfService.ExactlyOnce }),
        new("shared", "Publishers, and one shared subscription ($share) with many members: rate and spread.", "-q 1 --subscribers 10",
            Load | BenchOptionGroups.Subscribing, new() { Scenario = BenchScenario.Shared, Publishers = 10, Subscribers = 10 }),
        new("idle", "Connections that do nothing: connects a second, memory for each.", "--connections 15000 --pid PID",
            BenchOptionGroups.Connections | BenchOptionGroups.AtOnce | BenchOptionGroups.KeepAlive, new() { Scenario = BenchScenario.Idle, Publishers = 0, Connections = 15_000, WarmUp = TimeSpan.Zero }),
        new("connect-storm", "Clients that connect and disconnect without a pause.", "--at-once 100",
            BenchOptionGroups.AtOnce, new() { Scenario = BenchScenario.ConnectStorm, Publishers = 0, WarmUp = TimeSpan.FromSeconds(1) }),
        new("take-over", "Clients with a kept session that connect again while their last connection is still open.", "--at-once 10",
            BenchOptionGroups.AtOnce, new() { Scenario = BenchScenario.TakeOver, Publishers = 0, AtOnce = 10, WarmUp = TimeSpan.FromSeconds(1) }),
        new("reconnect-storm", "Kept sessions with waiting messages that come back all at once.", "--connections 1000 --waiting 100 -q 1 --seconds 60",
            BenchOptionGroups.Connections | BenchOptionGroups.Waiting | BenchOptionGroups.Qos | BenchOptionGroups.Size,
            new()
            {
                Scenario = BenchScenario.ReconnectStorm, Publishers = 0, Connections = 1000, QualityOfService = QualityOfService.AtLeastOnce,
                Duration = TimeSpan.FromSeconds(60), WarmUp = TimeSpan.Zero,
            }),
        new("retained", "Topics with a retained message, retrieved again and again by a wildcard; they are removed at the end.", "--topics 10000 --subscribers 1",
            BenchOptionGroups.Topics | BenchOptionGroups.Subscribing | BenchOptionGroups.Qos | BenchOptionGroups.Size,
            new() { Scenario = BenchScenario.Retained, Publishers = 0, Subscribers = 1, WarmUp = TimeSpan.Zero }),
    ];

    /// <summary>The name of a scenario on the command line.</summary>
    /// <param name="scenario">The scenario.</param>
    public static string NameOf(BenchScenario scenario) => All.Single(definition => definition.Defaults.Scenario == scenario).Name;

    /// <summary>A scenario by its name.</summary>
    /// <param name="name">The name.</param>
    public static ScenarioDefinition Find(string name) => All.Single(definition => definition.Name == name);

    /// <summary>Runs a task.</summary>
    /// <param name="options">The task.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="Connections.BenchException">It cannot be measured; the message says why.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The broker cannot be reached.</exception>
    /// <exception cref="IOException">The broker broke a connection before the measuring began.</exception>
    public static async Task<BenchResult> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        BenchResult result = await (options.Scenario switch
        {
            BenchScenario.Idle => new IdleRun(options).RunAsync(cancellationToken),
            BenchScenario.ConnectStorm => new ConnectStormRun(options).RunAsync(cancellationToken),
            BenchScenario.TakeOver => new TakeOverRun(options).RunAsync(cancellationToken),
            BenchScenario.ReconnectStorm => new ReconnectStormRun(options).RunAsync(cancellationToken),
            BenchScenario.Retained => new RetainedRun(options).RunAsync(cancellationToken),
            _ => new LoadRun(options).RunAsync(cancellationToken),
        });
        return result with { Warnings = [.. result.Warnings, .. BenchWarnings.Of(result, Environment.ProcessorCount)] };
    }
}
