using System.Globalization;

namespace Holdfast.Log.Segments.Files;

/// <summary>The disk.</summary>
internal sealed class DiskFileSystem : ISegmentFileSystem
{
    private const FileShare Shared = FileShare.ReadWrite | FileShare.Delete;

    public static DiskFileSystem Instance { get; } = new();

    public IDisposable? TryLock(string path)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException error) when (DiskErrors.IsLocked(error))
        {
            return null;
        }

        try
        {
            stream.SetLength(0);
            stream.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            stream.Flush();
        }
        catch (IOException)
        {
            // The name of the holder is a courtesy; a full disk must not keep the store closed.
        }

        return stream;
    }

    public string? ReadLockHolder(string path)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, Shared));
            var text = reader.ReadLine();
            return string.IsNullOrWhiteSpace(text) ? null : text;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void CreateDirectory(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        var parent = Path.GetDirectoryName(Path.GetFullPath(path));
        if (parent is not null && !Directory.Exists(parent))
        {
            throw new DirectoryNotFoundException($"The directory {parent} does not exist.");
        }

        Directory.CreateDirectory(path);
        if (parent is not null)
        {
            FlushDirectory(parent);
        }
    }

    public IReadOnlyList<string> List(string directory) => [.. Directory.EnumerateFiles(directory).Select(p => Path.GetFileName(p))];

    public ISegmentFile Create(string path) => new DiskFile(File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, Shared));

    public ISegmentFile OpenRead(string path) => new DiskFile(File.OpenHandle(path, FileMode.Open, FileAccess.Read, Shared));

    public ISegmentFile OpenWrite(string path) => new DiskFile(File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, Shared));

    public void Delete(string path) => File.Delete(path);

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = NativeMethods.OpenDirectory(directory);
        if (descriptor < 0)
        {
            throw DiskErrors.FromLastNativeError($"Opening {directory} failed");
        }

        try
        {
            if (NativeMethods.Flush(descriptor) != 0)
            {
                throw DiskErrors.FromLastNativeError($"Flushing {directory} failed");
            }
        }
        finally
        {
            _ = NativeMethods.Close(descriptor);
        }
    }

    public long FreeBytes(string directory) => new DriveInfo(directory).AvailableFreeSpace;
}
