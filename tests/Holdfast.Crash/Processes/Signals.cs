using System.Runtime.InteropServices;

namespace Holdfast.Crash.Processes;

/// <summary>Signals to other processes.</summary>
internal static partial class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    public static void Send(int processId, int signal)
    {
        if (SendNative(processId, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} to process {processId} failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendNative(int processId, int signal);
}
