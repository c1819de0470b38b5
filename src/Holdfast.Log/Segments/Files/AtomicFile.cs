namespace Holdfast.Log.Segments.Files;

/// <summary>Small files that are there whole or not at all, whatever happens.</summary>
internal static class AtomicFile
{
    /// <summary>The ending of a file that is not finished; opening a store removes such files.</summary>
    public const string TemporaryEnding = ".tmp";

    /// <summary>Writes a temporary file, flushes it, renames it and flushes the directory.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The file.</param>
    /// <param name="content">All of its bytes, in parts.</param>
    public static void Write(ISegmentFileSystem files, string path, IReadOnlyList<ReadOnlyMemory<byte>> content)
    {
        var temporary = path + TemporaryEnding;
        using (var file = files.Create(temporary))
        {
            file.Write(content, 0);
            file.Flush();
        }

        files.Rename(temporary, path);
        files.FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Reads a whole file; null when there is none.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The file.</param>
    /// <param name="maximumBytes">More than that is refused.</param>
    /// <exception cref="InvalidDataException">The file is larger.</exception>
    public static byte[]? TryRead(ISegmentFileSystem files, string path, int maximumBytes)
    {
        try
        {
            using var file = files.OpenRead(path);
            var length = file.Length;
            if (length > maximumBytes)
            {
                throw new InvalidDataException($"{path} has {length} bytes; at most {maximumBytes} are expected.");
            }

            var content = new byte[length];
            var read = file.Read(content, 0);
            return content[..read];
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
