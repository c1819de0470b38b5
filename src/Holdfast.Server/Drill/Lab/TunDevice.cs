using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Holdfast.Server.Drill.Lab;

/// <summary>A network device of a namespace, whose packets this process reads and writes.</summary>
internal sealed partial class TunDevice : IDisposable
{
    /// <summary>The device's name in its namespace.</summary>
    public const string Name = "slow";

    private const int ReadWrite = 2;
    private const int CloseOnExecute = 0x80000;
    private const int NewNetwork = 0x40000000;
    private const nuint SetInterface = 0x400454ca;
    private const ushort TunWithoutHeader = 0x1001;
    private const int RequestLength = 40;
    private const int NameLength = 16;
    private const short Readable = 1;

    private readonly int _file;

    private TunDevice(int file) => _file = file;

    /// <summary>Makes a device.</summary>
    /// <param name="networkNamespace">The namespace's name.</param>
    /// <exception cref="LabException">The system refuses.</exception>
    public static TunDevice Create(string networkNamespace)
    {
        TunDevice? device = null;
        string? problem = null;

        // A namespace is entered by a thread, so the thread ends with the work.
        var thread = new Thread(() => device = Open(networkNamespace, out problem));
        thread.Start();
        thread.Join();
        return device ?? throw new LabException($"a TUN device could not be made in {networkNamespace}: {problem}");
    }

    /// <summary>Waits for a packet.</summary>
    /// <param name="packet">Where to.</param>
    /// <param name="timeout">The longest to wait, in milliseconds.</param>
    /// <returns>Its length; 0 when none came.</returns>
    public int Read(Span<byte> packet, int timeout)
    {
        var poll = new Poll { File = _file, Events = Readable };
        return WaitFor(ref poll, 1, timeout) > 0 ? Math.Max(0, (int)ReadFile(_file, ref MemoryMarshal.GetReference(packet), (nuint)packet.Length)) : 0;
    }

    /// <summary>Hands a packet to the namespace. What its kernel refuses is lost, as on any network.</summary>
    /// <param name="packet">The packet.</param>
    public void Write(ReadOnlySpan<byte> packet) => _ = WriteFile(_file, ref MemoryMarshal.GetReference(packet), (nuint)packet.Length);

    /// <inheritdoc/>
    public void Dispose() => _ = CloseFile(_file);

    private static TunDevice? Open(string networkNamespace, out string? problem)
    {
        int space = OpenFile($"/run/netns/{networkNamespace}", CloseOnExecute);
        bool isInside = space >= 0 && EnterNamespace(space, NewNetwork) == 0;
        int file = isInside ? OpenFile("/dev/net/tun", ReadWrite | CloseOnExecute) : -1;
        Span<byte> request = stackalloc byte[RequestLength];
        request.Clear();
        Encoding.ASCII.GetBytes(Name, request);
        BinaryPrimitives.WriteUInt16LittleEndian(request[NameLength..], TunWithoutHeader);
        bool isMade = file >= 0 && Control(file, SetInterface, ref MemoryMarshal.GetReference(request)) == 0;
        problem = isMade ? null : Marshal.GetLastPInvokeErrorMessage();
        if (space >= 0)
        {
            _ = CloseFile(space);
        }

        return isMade ? new TunDevice(file) : null;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CloseFile(int file);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int EnterNamespace(int file, int kind);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int file, nuint request, ref byte argument);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint ReadFile(int file, ref byte buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint WriteFile(int file, ref byte buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int WaitFor(ref Poll poll, uint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct Poll
    {
        public int File;
        public short Events;
        public short Happened;
    }
}
