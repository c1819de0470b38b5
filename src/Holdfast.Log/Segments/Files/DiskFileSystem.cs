using System.Globalization;
using System.Text;

namespace Holdfast.Log.Segments.Files;

/// <summary>The disk.</summary>
internal sealed class DiskFileSystem : ISegmentFileSystem
{
    private const int MaximumHolderBytes = 32;
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
            stream.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
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
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        // Not through FileStream, which asks for a shared lock even to read.
        using var handle = NativeMethods.OpenForReading(path);
        if (handle.IsInvalid)
        {
            return null;
        }

        Span<byte> text = stackalloc byte[MaximumHolderBytes];
        var length = RandomAccess.Read(handle, text, 0);
        return length == 0 ? null : Encoding.ASCII.GetString(text[..length]);
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

        using var handle = NativeMethods.OpenForReading(directory);
        if (handle.IsInvalid || NativeMethods.Flush(handle) != 0)
        {
            throw DiskErrors.FromLastNativeError($"Flushing the directory {directory} failed");
        }
    }

    public long FreeBytes(string directory) => new DriveInfo(directory).AvailableFreeSpace;
}
