using System.Text.Json.Serialization;

namespace Holdfast.Status.Reports;

/// <summary>What a watcher sends: one round or more, those that could not be sent before included. Times are Unix milliseconds of the watcher's clock.</summary>
/// <param name="Stream">A random id of the run of the watcher's process, within which <see cref="ReportedRound.Sequence"/> rises.</param>
/// <param name="Interval">Milliseconds between two rounds.</param>
/// <param name="SentAt">When this was sent; what the watcher's clock is off is taken away from all times.</param>
/// <param name="Rounds">The rounds, the oldest first.</param>
internal sealed record Report(string Stream, long Interval, long SentAt, IReadOnlyList<ReportedRound> Rounds);

/// <summary>A round as it is reported.</summary>
internal sealed record ReportedRound(long Sequence, long At, IReadOnlyList<ReportedObservation> Observations);

/// <summary>An observation as it is reported.</summary>
/// <param name="Component">What was watched.</param>
/// <param name="Step">The step.</param>
/// <param name="Verdict"><c>ok</c>, <c>late</c> or <c>failed</c>.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Detail">What went wrong.</param>
internal sealed record ReportedObservation(string Component, string Step, string Verdict, double Milliseconds, string? Detail = null);

/// <summary>What the page answers.</summary>
/// <param name="Taken">Rounds that are stored now.</param>
/// <param name="Duplicates">Rounds that were stored before.</param>
internal sealed record ReportAnswer(int Taken, int Duplicates);

/// <summary>How reports are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(ReportAnswer))]
internal sealed partial class ReportJson : JsonSerializerContext;
