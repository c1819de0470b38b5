using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Suite;

/// <summary>What a run of the suite measured.</summary>
/// <param name="StartedAt">When it began.</param>
/// <param name="Machine">Where it ran.</param>
/// <param name="Seconds">How long each round was measured.</param>
/// <param name="Rounds">How often.</param>
/// <param name="Brokers">The brokers, in the order of the columns.</param>
/// <param name="Lines">The table.</param>
/// <param name="Runs">Every single run, with its series.</param>
internal sealed record SuiteResult(
    DateTimeOffset StartedAt, string Machine, double Seconds, int Rounds, IReadOnlyList<SuiteBrokerResult> Brokers, IReadOnlyList<SuiteLine> Lines,
    IReadOnlyList<SuiteRunResult> Runs);

/// <summary>A broker of the suite.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version.</param>
internal sealed record SuiteBrokerResult(string Name, string Version);

/// <summary>A run of the suite.</summary>
/// <param name="Row">The row's name.</param>
/// <param name="Broker">The broker's name.</param>
/// <param name="Round">The round, from 1.</param>
/// <param name="Result">What was measured; null when it failed.</param>
/// <param name="Failure">Why it failed; null when it did not.</param>
internal sealed record SuiteRunResult(string Row, string Broker, int Round, BenchResult? Result, string? Failure);

/// <summary>A line of the suite's table: a figure of a row.</summary>
/// <param name="Row">The row's title.</param>
/// <param name="Figure">The figure's title.</param>
/// <param name="Cells">A cell for each broker, in their order.</param>
/// <param name="Goals">What Holdfast is held against.</param>
internal sealed record SuiteLine(string Row, string Figure, IReadOnlyList<SuiteCell> Cells, IReadOnlyList<SuiteVerdict> Goals);

/// <summary>A figure of a broker over all rounds.</summary>
/// <param name="Median">The median; null when there is no figure.</param>
/// <param name="Lowest">The lowest.</param>
/// <param name="Highest">The highest.</param>
/// <param name="Text">The median, and the range when there were rounds that differ.</param>
internal sealed record SuiteCell(double? Median, double? Lowest, double? Highest, string Text);

/// <summary>A goal and whether it was reached.</summary>
/// <param name="Goal">The goal in words.</param>
/// <param name="Reference">The other broker, or the other row, by whose figure Holdfast's is divided; null for a bound that stands by itself.</param>
/// <param name="Ratio">Holdfast's figure by the other; null for a bound that stands by itself.</param>
/// <param name="IsMet">Whether it was reached; null when it was not measured.</param>
internal sealed record SuiteVerdict(string Goal, string? Reference, double? Ratio, bool? IsMet);
