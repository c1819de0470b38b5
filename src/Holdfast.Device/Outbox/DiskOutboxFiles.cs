using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Holdfast.Device.Outbox;

/// <summary>Files of a real directory, which is locked as long as this lives.</summary>
internal sealed partial class DiskOutboxFiles : IOutboxFiles, IDisposable
{
    private const string LockName = "lock";

    private readonly string _directory;
    private readonly FileStream _lock;

    public DiskOutboxFiles(string directory)
    {
        _directory = Path.GetFullPath(directory);
        System.IO.Directory.CreateDirectory(_directory);
        try
        {
            _lock = new FileStream(Path.Combine(_directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception is not FileNotFoundException and not DirectoryNotFoundException)
        {
            throw new IOException($"Another process uses the outbox {_directory}, or its lock cannot be taken: {exception.Message}", exception);
        }
    }

    public IReadOnlyList<string> List() => [.. System.IO.Directory.EnumerateFiles(_directory).Select(f => Path.GetFileName(f)!)];

    public IOutboxFile Create(string name) => new DiskFile(File.OpenHandle(PathOf(name), FileMode.Create, FileAccess.ReadWrite));

    public IOutboxFile Open(string name) => new DiskFile(File.OpenHandle(PathOf(name), FileMode.Open, FileAccess.ReadWrite));

    public void Delete(string name) => File.Delete(PathOf(name));

    public void FlushNames()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals names by itself, and a directory cannot be flushed.
        }

        using var directory = OpenDirectory(_directory, 0);
        if (directory.IsInvalid || FlushDirectory(directory) != 0)
        {
            throw new IOException($"The directory {_directory} cannot be flushed.", new Win32Exception(Marshal.GetLastPInvokeError()));
        }
    }

    public void Dispose() => _lock.Dispose();

    // .NET opens no directory.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenDirectory(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushDirectory(SafeFileHandle directory);

    private string PathOf(string name) => Path.Combine(_directory, name);

    private sealed class DiskFile(SafeFileHandle handle) : IOutboxFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public void Write(ReadOnlySpan<byte> bytes, long position) => RandomAccess.Write(handle, bytes, position);

        public int Read(Span<byte> destination, long position)
        {
            var total = 0;
            while (total < destination.Length)
            {
                var count = RandomAccess.Read(handle, destination[total..], position + total);
                if (count == 0)
                {
                    break;
                }

                total += count;
            }

            return total;
        }

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Flush() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
