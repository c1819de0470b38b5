namespace Holdfast.Crash.Processes;

/// <summary>How to start a server.</summary>
/// <param name="Data">The data directory.</param>
internal sealed record ServerArguments(string Data)
{
    /// <summary>Another build than <see cref="Repository.ServerDll"/>.</summary>
    public string? Dll { get; init; }

    /// <summary>Further options of <c>holdfast serve</c>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>strace and its options, to run the server under it; empty for none.</summary>
    public IReadOnlyList<string> Tracer { get; init; } = [];
}
