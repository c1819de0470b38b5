namespace Holdfast.Server;

/// <summary>How this process uses sockets.</summary>
internal static class SocketTuning
{
    /// <summary>
    /// Lets completions of socket operations run on the thread that waits for sockets, for the commands whose I/O path never blocks: without the hop
    /// to the pool a paced message costs a third of the CPU time. .NET reads the variable when the first socket is used, so this comes before.
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
