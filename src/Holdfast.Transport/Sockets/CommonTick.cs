using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Holdfast.Transport.Sockets;

/// <summary>Ends pauses at moments that are the same for all threads, so that what several of them have gathered comes together and is committed in one group.</summary>
internal static partial class CommonTick
{
    private const int MonotonicClock = 1;
    private const int AbsoluteTime = 1;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Waits until the next multiple of an interval, by the clock of <see cref="Stopwatch"/>.</summary>
    /// <param name="interval">The interval.</param>
    public static void Wait(TimeSpan interval)
    {
        var nanoseconds = (long)interval.TotalNanoseconds;
        var now = (long)(Stopwatch.GetTimestamp() * ((double)NanosecondsPerSecond / Stopwatch.Frequency));
        var next = ((now / nanoseconds) + 1) * nanoseconds;
        var until = new TimeSpecification { Seconds = (nint)(next / NanosecondsPerSecond), Nanoseconds = (nint)(next % NanosecondsPerSecond) };

        // A signal may end it early: a shorter pause does no harm.
        _ = Sleep(MonotonicClock, AbsoluteTime, until, IntPtr.Zero);
    }

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sleep(int clock, int flags, in TimeSpecification until, nint remaining);

    /// <summary>timespec of the C library.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpecification
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
