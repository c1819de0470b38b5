using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Holdfast.Log.Segments.Files;

/// <summary>A file on the disk.</summary>
internal sealed class DiskFile(SafeFileHandle handle) : ISegmentFile
{
    public long Length => RandomAccess.GetLength(handle);

    public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long position) => RandomAccess.Write(handle, buffers, position);

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

    public void Flush()
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(handle);
            return;
        }

        // Not fsync, which also writes the time stamps; and never repeated after an error: the second call may succeed without having written.
        while (NativeMethods.FlushData(handle) != 0)
        {
            if (Marshal.GetLastPInvokeError() != NativeMethods.Interrupted)
            {
                throw DiskErrors.FromLastNativeError("fdatasync failed");
            }
        }
    }

    public void SetLength(long length) => RandomAccess.SetLength(handle, length);

    public bool TryPreallocate(long length)
    {
        // Not posix_fallocate: where the file system has no such call, the C library would write a byte into every block.
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        var before = Length;
        if (NativeMethods.Allocate(handle, mode: 0, before, length - before) == 0)
        {
            return true;
        }

        SetLength(before);
        return false;
    }

    public void Dispose() => handle.Dispose();
}
