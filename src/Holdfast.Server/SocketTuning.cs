namespace Holdfast.Server;

/// <summary>How this process uses sockets.</summary>
internal static class SocketTuning
{
    /// <summary>
    /// Lets completions of socket operations run on the thread that waits for sockets in the load generator, whose I/O path never blocks: it must cost
    /// as little as it can. .NET reads the variable when the first socket is used, so this comes before. (<c>serve</c> does the same for itself.)
    /// </summary>
    /// <param name="arguments">The command line.</param>
    public static void Apply(string[] arguments)
    {
        const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
        if (arguments is ["bench", ..] && Environment.GetEnvironmentVariable(Variable) is null)
        {
            Environment.SetEnvironmentVariable(Variable, "1");
        }
    }
}
