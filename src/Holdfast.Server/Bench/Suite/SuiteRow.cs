using Holdfast.Mqtt;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Suite;

/// <summary>A figure that a row of the suite shows.</summary>
/// <param name="Figure">The figure.</param>
/// <param name="Goals">What Holdfast's is held against.</param>
internal sealed record SuiteFigure(BenchFigure Figure, IReadOnlyList<SuiteGoal> Goals);

/// <summary>A scenario of the suite.</summary>
/// <param name="Name">Its name for <c>--only</c>.</param>
/// <param name="Title">Its name in the table.</param>
/// <param name="Options">The task, without broker and duration.</param>
/// <param name="Figures">What is shown.</param>
internal sealed record SuiteRow(string Name, string Title, BenchOptions Options, IReadOnlyList<SuiteFigure> Figures)
{
    private const string Rate = "each second";

    /// <summary>Each client has sent a PINGREQ by then, or will; and what the connects have left to do is done.</summary>
    private static readonly TimeSpan HalfPing = TimeSpan.FromSeconds(30);
    private static readonly string[] WithTls = [SuiteBroker.Holdfast, SuiteBroker.Mosquitto];
    private static readonly string[] WithWebSocket = [SuiteBroker.Holdfast, SuiteBroker.Mosquitto, SuiteBroker.Nats];

    /// <summary>The rows, with the goals of docs/performance.md.</summary>
    public static readonly IReadOnlyList<SuiteRow> All =
    [
        new("one", "1 → 1, QoS 0", Defaults("one"),
            Load([AtLeast(12, SuiteBroker.Mosquitto), AtLeast(1, SuiteBroker.Nats)], new SuiteGoal(0.9, true))),
        new("fan-in-0", "100 → 1, QoS 0", Defaults("fan-in"), Load([AtLeast(12, SuiteBroker.Mosquitto)])),
        new("fan-out-0", "1 → 100, QoS 0", Defaults("fan-out"), Load([AtLeast(10, SuiteBroker.Mosquitto)])),
        new("ingest", "ingest, 100 publishers, QoS 1", Acknowledged("ingest"),
        [
            Show(Rate, AtLeast(5.5, SuiteBroker.Mosquitto), AtLeast(14, SuiteBroker.Nats)), Show("worst second"), Show("latency p50"),
            Show("latency p99", new SuiteGoal(20, true)), Show("broker CPU for each"), Show("broker RSS peak"), Show("missing"),
        ]),
        new("fan-in", "100 → 1, QoS 1", Acknowledged("fan-in"), Load([AtLeast(10, SuiteBroker.Mosquitto)])),
        new("pairs", "100 pairs, QoS 1", Acknowledged("pairs"), Load([AtLeast(6, SuiteBroker.Mosquitto)])),
        new("ingest-2", "ingest, 100 publishers, QoS 2", ExactlyOnce("ingest"), Load([])),
        new("pairs-2", "100 pairs, QoS 2", ExactlyOnce("pairs"), Load([])),
        new("shared", "10 publishers → a shared subscription of 10, QoS 1", Acknowledged("shared"), [.. Load([]), Show("fairness over members")]),
        new("retained", "10,000 retained messages by a wildcard, again and again", Defaults("retained"),
            [Show("retained stored/s"), Show(Rate, new SuiteGoal(300_000, false)), Show("latency p50"), Show("broker CPU for each")]),
        new("tls-one", "1 → 1, QoS 0, TLS", Over(BenchCarrier.Tls, Defaults("one")), Load([Of(0.6, "one")])) { Brokers = WithTls },
        new("tls-ingest", "ingest, 100 publishers, QoS 1, TLS", Over(BenchCarrier.Tls, Acknowledged("ingest")), Load([Of(0.6, "ingest")])) { Brokers = WithTls },
        new("websocket-one", "1 → 1, QoS 0, WebSocket", Over(BenchCarrier.WebSocket, Defaults("one")), Load([])) { Brokers = WithWebSocket },
        new("websocket-ingest", "ingest, 100 publishers, QoS 1, WebSocket", Over(BenchCarrier.WebSocket, Acknowledged("ingest")), Load([])) { Brokers = WithWebSocket },
        new("paced", "1,000 devices, 10,000 messages/s, QoS 1", Acknowledged("paced"),
        [
            Show(Rate), Show("broker CPU for each", new SuiteGoal(1, true, SuiteBroker.Mosquitto)), Show("latency p50", new SuiteGoal(2, true)), Show("latency p99", new SuiteGoal(10, true)),
            Show("latency max"), Show("broker RSS peak"), Show("missing"),
        ]),
        new("idle", "15,000 idle connections", Defaults("idle"),
        [
            Show(Rate, new SuiteGoal(10_000, false)), Show("RSS for each connection", new SuiteGoal(7000, true)), Show("broker CPU while idle"), Show("broker RSS at start"), Show("broker RSS peak"),
        ]),
        new("keep-alive", "15,000 connections, each with a PINGREQ a minute", Defaults("idle") with { KeepAlive = TimeSpan.FromMinutes(1), WarmUp = HalfPing, Duration = HalfPing },
            [Show("broker CPU while idle", new SuiteGoal(0.01, true))]) { HasOwnTimes = true },
        new("connect-storm", "connect and disconnect, 100 at once", Defaults("connect-storm"), [Show(Rate, new SuiteGoal(10_000, false)), Show("latency p99"), Show("broker CPU for each")]),
        new("reconnect-storm", "15,000 kept sessions with 50 waiting messages each, back at once", Acknowledged("reconnect-storm") with { Connections = 15_000, Waiting = 50 },
        [
            Show("all connected after"), Show("all drained after", new SuiteGoal(12, true)), Show("latency p50"), Show("fairness over clients"), Show("broker RSS peak"), Show("missing"), Show("errors"),
        ]) { HasOwnTimes = true, Brokers = WithTls },
    ];

    /// <summary>The brokers that can do it; null for all.</summary>
    public IReadOnlyList<string>? Brokers { get; init; }

    /// <summary>Whether it takes the times of its own options, whatever those of the others are.</summary>
    public bool HasOwnTimes { get; init; }

    private static BenchOptions Defaults(string scenario) => BenchScenarios.Find(scenario).Defaults;

    private static BenchOptions Acknowledged(string scenario) => Defaults(scenario) with { QualityOfService = QualityOfService.AtLeastOnce };

    private static BenchOptions ExactlyOnce(string scenario) => Defaults(scenario) with { QualityOfService = QualityOfService.ExactlyOnce };

    private static BenchOptions Over(BenchCarrier carrier, BenchOptions options) => options with { Carrier = carrier };

    private static SuiteFigure[] Load(SuiteGoal[] goals, params SuiteGoal[] cpuGoals) =>
    [
        Show(Rate, goals), Show("worst second"), Show("latency p50"), Show("latency p99"), Show("broker CPU for each", cpuGoals), Show("broker RSS peak"), Show("missing"), Show("lost at QoS 0"),
    ];

    private static SuiteGoal AtLeast(double times, string broker) => new(times, false, broker);

    private static SuiteGoal Of(double times, string row) => new(times, false, TimesRow: row);

    private static SuiteFigure Show(string title, params SuiteGoal[] goals) => new(BenchFigure.Find(title), goals);
}
