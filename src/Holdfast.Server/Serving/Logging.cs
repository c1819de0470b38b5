using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Holdfast.Server.Serving;

/// <summary>Log lines go to standard error: text for people, or JSON for machines.</summary>
internal static class Logging
{
    private const string TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";

    public static ILoggingBuilder Configure(ILoggingBuilder logging, bool json)
    {
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // What a dead node means to the messaging is told a hundred times; what it means to the cluster, by our own lines.
        logging.AddFilter("Orleans", LogLevel.Error);
        logging.AddFilter("Orleans.Runtime.GrainCallCancellationManager", LogLevel.None);
        logging.AddFilter("Holdfast.Cluster.Peers.NodeService", LogLevel.Warning);

        // A failed start is told once, in one line; the host would add its stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (json)
        {
            logging.AddJsonConsole(console =>
            {
                console.TimestampFormat = TimestampFormat;
                console.UseUtcTimestamp = true;
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = TimestampFormat;
                console.UseUtcTimestamp = true;
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }

        return logging;
    }
}
