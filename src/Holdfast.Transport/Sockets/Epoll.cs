using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Holdfast.Transport.Sockets;

/// <summary>Linux' epoll(7), edge-triggered: each change of a socket is told once. It ends with the process.</summary>
internal sealed partial class Epoll
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Modify = 3;
    private const int Interrupted = 4;

    /// <summary>The structure is packed on x86-64 only (see epoll_ctl(2)).</summary>
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;

    private static readonly int EventSize = DataAt + sizeof(long);

    private readonly int _descriptor;
    private readonly byte[] _events;

    /// <param name="mostEvents">How many are told of at once.</param>
    /// <exception cref="Win32Exception">The process may open no more files.</exception>
    public Epoll(int mostEvents)
    {
        _events = new byte[mostEvents * EventSize];
        _descriptor = Create(CloseOnExec);
        if (_descriptor < 0)
        {
            throw new Win32Exception();
        }
    }

    [Flags]
    public enum Events : uint
    {
        Readable = 0x1,
        Writable = 0x4,
        Error = 0x8,
        HangUp = 0x10,
        PeerEnded = 0x2000,
        EdgeTriggered = 0x80000000,
    }

    /// <summary>Tells of a socket from now on, until it is closed.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="events">Of what; error and hang-up are told in any case.</param>
    /// <param name="data">What is told of it.</param>
    /// <exception cref="Win32Exception">The kernel has no memory for it.</exception>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void Watch(Socket socket, Events events, long data) => Control(Add, socket, events, data);

    /// <summary>Tells of something else of a socket that is watched; what is so already is told at once.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="events">Of what.</param>
    /// <param name="data">What is told of it.</param>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void WatchFor(Socket socket, Events events, long data) => Control(Modify, socket, events, data);

    /// <summary>Waits until something is to be told.</summary>
    /// <returns>How much.</returns>
    public int Wait()
    {
        while (true)
        {
            var count = Wait(_descriptor, ref _events[0], _events.Length / EventSize, Timeout.Infinite);
            if (count >= 0)
            {
                return count;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw new Win32Exception(error);
            }
        }
    }

    /// <summary>One of the events that the last wait has brought.</summary>
    /// <param name="index">Which.</param>
    public (Events Events, long Data) this[int index]
    {
        get
        {
            var entry = _events.AsSpan(index * EventSize, EventSize);
            return ((Events)BinaryPrimitives.ReadUInt32LittleEndian(entry), BinaryPrimitives.ReadInt64LittleEndian(entry[DataAt..]));
        }
    }

    private void Control(int operation, Socket socket, Events events, long data)
    {
        Span<byte> entry = stackalloc byte[EventSize];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)events);
        BinaryPrimitives.WriteInt64LittleEndian(entry[DataAt..], data);
        if (Control(_descriptor, operation, socket.SafeHandle, ref entry[0]) != 0)
        {
            throw new Win32Exception();
        }
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int epoll, int operation, SafeHandle socket, ref byte entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Wait(int epoll, ref byte events, int mostEvents, int milliseconds);
}
