namespace Holdfast.Server.Bench.Measuring;

/// <summary>What a directory holds, with everything below it.</summary>
/// <param name="Bytes">The lengths of its files.</param>
/// <param name="Files">Its files.</param>
internal readonly record struct DirectoryUsage(long Bytes, int Files)
{
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = 0 };

    /// <summary>Adds up a directory. A file that goes while it is read does not count.</summary>
    /// <param name="path">The directory.</param>
    public static DirectoryUsage Read(string path)
    {
        (long bytes, int files) = (0, 0);
        try
        {
            foreach (FileInfo file in new DirectoryInfo(path).EnumerateFiles("*", Everything))
            {
                if (LengthOf(file) is { } length)
                {
                    bytes += length;
                    files++;
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            // It went while it was read: what was counted so far counts.
        }

        return new DirectoryUsage(bytes, files);
    }

    private static long? LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
