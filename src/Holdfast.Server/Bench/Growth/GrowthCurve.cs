namespace Holdfast.Server.Bench.Growth;

/// <summary>How cost grows with one quantity.</summary>
/// <param name="Name">Its name, and that of its plot's file.</param>
/// <param name="Quantity">What grows, with its unit.</param>
/// <param name="Measures">What was measured at each point, with units.</param>
/// <param name="Points">The points, growing.</param>
internal sealed record GrowthCurve(string Name, string Quantity, IReadOnlyList<string> Measures, IReadOnlyList<GrowthPoint> Points);

/// <summary>A point of a curve.</summary>
/// <param name="Quantity">How much there was.</param>
/// <param name="Values">A value for each measure; null where there is none.</param>
internal sealed record GrowthPoint(double Quantity, IReadOnlyList<double?> Values);

/// <summary>All curves of a run.</summary>
/// <param name="StartedAt">When it began.</param>
/// <param name="Seconds">How long each load was measured.</param>
/// <param name="Curves">The curves.</param>
internal sealed record GrowthResult(DateTimeOffset StartedAt, double Seconds, IReadOnlyList<GrowthCurve> Curves);
