namespace Holdfast.Server;

/// <summary>How this process uses sockets.</summary>
internal static class SocketTuning
{
    /// <summary>
    /// Lets completions of socket operations run on the thread that waits for sockets, in the server and in the load generator, whose I/O paths never
    /// block: else each receive is handed to another thread, at three times the cost per message. .NET reads the variable when the first
    /// socket is used, so this comes before.
    /// </summary>
    /// <param name="arguments">The command line.</param>
    public static void Apply(string[] arguments)
    {
        const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
        if (arguments is ["serve" or "bench", ..] && Environment.GetEnvironmentVariable(Variable) is null)
        {
            Environment.SetEnvironmentVariable(Variable, "1");
        }
    }
}
