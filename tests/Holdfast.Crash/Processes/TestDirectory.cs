namespace Holdfast.Crash.Processes;

/// <summary>A directory for one test.</summary>
internal sealed class TestDirectory : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("holdfast-crash-").FullName;

    /// <summary>The server's data.</summary>
    public string Data => Path.Combine(Root, "data");

    /// <summary>The clients' journals.</summary>
    public string Journals => Path.Combine(Root, "journals");

    public string Trace => Path.Combine(Root, "trace");

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
