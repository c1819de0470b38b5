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

    /// <summary>The rows, with the goals of docs/performance.md.</summary>
    public static readonly IReadOnlyList<SuiteRow> All =
    [
        new("one", "1 → 1, QoS 0", Defaults("one"), Load(AtLeast(6, SuiteBroker.Mosquitto), AtLeast(1, SuiteBroker.Nats))),
        new("ingest", "ingest, 100 publishers, QoS 1", Acknowledged("ingest"), Load(AtLeast(4, SuiteBroker.Mosquitto), AtLeast(10, SuiteBroker.Nats))),
        new("fan-in", "100 → 1, QoS 1", Acknowledged("fan-in"), Load(AtLeast(4, SuiteBroker.Mosquitto))),
        new("pairs", "100 pairs, QoS 1", Acknowledged("pairs"), Load(AtLeast(3, SuiteBroker.Mosquitto))),
        new("paced", "1,000 devices, 10,000 messages/s, QoS 1", Acknowledged("paced"),
        [
            Show(Rate), Show("broker CPU for each", new SuiteGoal(1.3, true, SuiteBroker.Mosquitto)), Show("latency p50"), Show("latency p99", new SuiteGoal(15, true)),
            Show("latency max"), Show("broker RSS peak"),
        ]),
        new("idle", "15,000 idle connections", Defaults("idle"),
        [
            Show(Rate, new SuiteGoal(8000, false)), Show("RSS for each connection", new SuiteGoal(8000, true)), Show("broker CPU while idle"), Show("broker RSS peak"),
        ]),
        new("connect-storm", "connect and disconnect, 100 at once", Defaults("connect-storm"), [Show(Rate), Show("latency p99"), Show("broker CPU for each")]),
    ];

    private static BenchOptions Defaults(string scenario) => BenchScenarios.Find(scenario).Defaults;

    private static BenchOptions Acknowledged(string scenario) => Defaults(scenario) with { QualityOfService = QualityOfService.AtLeastOnce };

    private static SuiteFigure[] Load(params SuiteGoal[] goals)
        => [Show(Rate, goals), Show("worst second"), Show("latency p50"), Show("latency p99"), Show("broker CPU for each"), Show("broker RSS peak"), Show("missing"), Show("lost at QoS 0")];

    private static SuiteGoal AtLeast(double times, string broker) => new(times, false, broker);

    private static SuiteFigure Show(string title, params SuiteGoal[] goals) => new(BenchFigure.Find(title), goals);
}
