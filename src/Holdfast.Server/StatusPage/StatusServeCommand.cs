using Holdfast.Server.CommandLine;
using Holdfast.Server.Serving;
using Holdfast.Status;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.StatusPage;

/// <summary>Serves a status page.</summary>
internal static class StatusServeCommand
{
    /// <summary>Runs until the token is cancelled.</summary>
    /// <param name="data">The data directory.</param>
    /// <param name="listen">Where to listen.</param>
    /// <param name="heartbeat">An outside service to call as long as the page works; null for none.</param>
    /// <param name="json">Whether log lines are JSON.</param>
    /// <param name="terminal">The standard streams.</param>
    /// <param name="cancellationToken">Cancelled on SIGTERM and SIGINT.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string data, ListenUrl listen, Uri? heartbeat, bool json, Terminal terminal, CancellationToken cancellationToken)
    {
        using ILoggerFactory loggers = LoggerFactory.Create(logging => Logging.Configure(logging, json));
        try
        {
            await using StatusServer server = await StatusServer.StartAsync(data, listen.EndPoint, loggers, TimeProvider.System, cancellationToken, heartbeat);
            terminal.Text.WriteLine($"listening {server.Address.GetLeftPart(UriPartial.Authority)}");
            terminal.Text.WriteLine("ready");
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        catch (IOException exception)
        {
            return terminal.Fail(exception.Message);
        }
    }
}
