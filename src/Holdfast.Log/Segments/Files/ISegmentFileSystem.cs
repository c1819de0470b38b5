namespace Holdfast.Log.Segments.Files;

/// <summary>
/// The few file operations that the log stands on, so that tests can inject every fault of a disk. Errors are <see cref="IOException"/>s;
/// see <see cref="DiskErrors"/> for the full disk. All calls block.
/// </summary>
internal interface ISegmentFileSystem
{
    /// <summary>Takes the directory for this process; null when another holder has it.</summary>
    /// <param name="path">The lock file.</param>
    IDisposable? TryLock(string path);

    /// <summary>What is known about the holder of a lock; null when it cannot be read.</summary>
    /// <param name="path">The lock file.</param>
    string? ReadLockHolder(string path);

    /// <summary>Makes the directory, whose parent exists, or does nothing when it is there.</summary>
    /// <param name="path">The directory.</param>
    void CreateDirectory(string path);

    /// <summary>The names of the files in a directory.</summary>
    /// <param name="directory">The directory.</param>
    IReadOnlyList<string> List(string directory);

    /// <summary>Creates an empty file for writing and reading, in place of one that may be there.</summary>
    /// <param name="path">The file.</param>
    ISegmentFile Create(string path);

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    ISegmentFile OpenRead(string path);

    /// <summary>Opens a file for writing and reading.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    ISegmentFile OpenWrite(string path);

    /// <summary>Removes a file, or does nothing when there is none.</summary>
    /// <param name="path">The file.</param>
    void Delete(string path);

    /// <summary>Renames a file, in place of one that may be there.</summary>
    /// <param name="from">The present name.</param>
    /// <param name="to">The new name.</param>
    void Rename(string from, string to);

    /// <summary>Makes creations, renamings and removals in a directory durable.</summary>
    /// <param name="directory">The directory.</param>
    void FlushDirectory(string directory);

    /// <summary>Room that this process may use on the directory's volume, in bytes.</summary>
    /// <param name="directory">The directory.</param>
    long FreeBytes(string directory);
}
