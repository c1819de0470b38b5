using System.Runtime.InteropServices;

namespace Holdfast.Server.Bench.Load;

/// <summary>The C library's pause with microsecond resolution.</summary>
internal static partial class NativeSleep
{
    [LibraryImport("libc", EntryPoint = "usleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Sleep(uint microseconds);
}
