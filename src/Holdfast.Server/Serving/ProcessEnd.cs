using System.Runtime.InteropServices;

namespace Holdfast.Server.Serving;

/// <summary>
/// Ends the process at once. Nothing of it runs any more: an orderly exit goes through the handlers of every library, and when one of them waits for
/// something, a node that must not acknowledge anything would live on.
/// </summary>
internal static partial class ProcessEnd
{
    private static readonly TimeSpan LastWordsLimit = TimeSpan.FromSeconds(1);

    /// <summary>Ends it.</summary>
    /// <param name="exitCode">The exit code.</param>
    /// <param name="lastWords">Says why; has a second, since whoever reads what it writes may have stopped reading.</param>
    public static void Now(int exitCode, Action lastWords)
    {
        var speaking = new Thread(() => lastWords()) { IsBackground = true, Name = "last words" };
        speaking.Start();
        speaking.Join(LastWordsLimit);
        if (OperatingSystem.IsWindows())
        {
            Environment.Exit(exitCode);
        }

        Exit(exitCode);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void Exit(int status);
}
