using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Serving;

/// <summary>Runs a node.</summary>
internal static class ServeCommand
{
    /// <summary>Runs until the token is cancelled.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="cancellationToken">Cancelled on SIGTERM and SIGINT: drains and returns.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(ServeOptions options, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine("not built yet");
        return Task.FromResult(1);
    }
}
