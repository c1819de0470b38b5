namespace Holdfast.Log.Segments;

/// <summary>Another process, or another instance in this one, has the store open.</summary>
public sealed class StoreInUseException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="processId">The process id of the holder as far as it can be read; else null.</param>
    public StoreInUseException(string directory, string? processId)
        : base($"The log in {directory} is in use by {(processId is null ? "another process" : "process " + processId)}. Only one process may open it.")
    {
        Directory = directory;
        ProcessId = processId;
    }

    /// <summary>The store's directory.</summary>
    public string Directory { get; }

    /// <summary>The process id of the holder as far as it can be read; else null.</summary>
    public string? ProcessId { get; }
}
