using System.Globalization;

namespace Holdfast.Server;

/// <summary>How this process uses sockets. .NET reads these variables when the first socket is used, so this comes before.</summary>
internal static class SocketTuning
{
    /// <summary>
    /// Lets completions of socket operations run on the thread that waits for sockets, in the load generator and, for accepting and HTTP, in the server (clients'
    /// sockets have a loop of their own there): else each receive is handed to another thread, at three times the cost per message.
    /// </summary>
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>
    /// How many threads wait for sockets. In the server half of the processors, since committing and delivering want theirs too.
    /// </summary>
    private const string ThreadCount = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>Sets what the operator has not set.</summary>
    /// <param name="arguments">The command line.</param>
    public static void Apply(string[] arguments)
    {
        // In a cluster the database's and the other nodes' answers arrive on the same threads, and what follows them is not all of our making.
        var isAlone = !arguments.Any(argument => argument == "--cluster" || argument.StartsWith("--cluster=", StringComparison.Ordinal));
        if (arguments is ["serve" or "bench", ..] && isAlone)
        {
            SetDefault(InlineCompletions, 1);
        }

        if (arguments is ["serve", ..] && isAlone)
        {
            SetDefault(ThreadCount, Math.Max(1, Environment.ProcessorCount / 2));
        }
    }

    private static void SetDefault(string variable, int value)
    {
        if (Environment.GetEnvironmentVariable(variable) is null)
        {
            Environment.SetEnvironmentVariable(variable, value.ToString(CultureInfo.InvariantCulture));
        }
    }
}
