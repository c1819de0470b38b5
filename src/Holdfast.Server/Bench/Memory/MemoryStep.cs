namespace Holdfast.Server.Bench.Memory;

/// <summary>Something that costs the broker memory, and how many of it there are.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Count">How many.</param>
/// <param name="LoadAsync">Makes them; they stay until the load is disposed of.</param>
/// <param name="Connections">The connections that they take.</param>
internal sealed record MemoryStep(string Name, int Count, Func<CancellationToken, Task> LoadAsync, int Connections);

/// <summary>What a step cost. Sizes in bytes.</summary>
/// <param name="Name">What it was.</param>
/// <param name="Count">How many.</param>
/// <param name="ResidentBefore">The broker's resident memory before.</param>
/// <param name="ResidentAfter">The same when all were there.</param>
/// <param name="ResidentPeak">The most of the samples.</param>
/// <param name="BytesEach">What was added, for each; it is negative when the broker gave memory back meanwhile.</param>
internal sealed record MemoryFigure(string Name, int Count, long ResidentBefore, long ResidentAfter, long ResidentPeak, double BytesEach);

/// <summary>The result of <c>bench memory</c>.</summary>
/// <param name="Broker">The broker, host:port.</param>
/// <param name="Figures">One for each step.</param>
internal sealed record MemoryResult(string Broker, IReadOnlyList<MemoryFigure> Figures);
