namespace Holdfast.Testing;

/// <summary>A directory that is removed with all that is in it.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Its place.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("holdfast-").FullName;

    /// <summary>A place below it.</summary>
    /// <param name="name">The name.</param>
    public string Below(string name) => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
