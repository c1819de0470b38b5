using System.Text;
using Holdfast.Device.Outbox;
using Microsoft.Extensions.Logging;

namespace Holdfast.Device.Connections;

/// <summary>Tells the cloud how many events were given up: with each connection, and again while it stands when there are more.</summary>
internal sealed class DropReporter(SendingServices services)
{
    /// <summary>The name of the event that tells it.</summary>
    public const string EventName = "holdfast/dropped";

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMinutes(1);

    private readonly TimeSpan _interval = services.Options.MeteredLink is { } link && link.Interval > ShortestInterval ? link.Interval : ShortestInterval;
    private (ulong Dropped, long Refused) _reported;
    private long _refusedReports;

    /// <summary>Reports until the connection is left.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_interval, services.Time);
        try
        {
            do
            {
                await ReportAsync().ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The connection has ended.
        }
    }

    private async Task ReportAsync()
    {
        var statistics = await services.Outbox.GetStatisticsAsync().ConfigureAwait(false);
        var given = (statistics.Dropped, Refused: statistics.Refused - _refusedReports);
        if (given == _reported)
        {
            return;
        }

        try
        {
            var report = Encoding.UTF8.GetBytes($$"""{"dropped":{{given.Dropped}},"refused":{{given.Refused}}}""");
            _ = await services.Outbox.AppendAsync(EventPriority.Urgent, $"devices/{services.Options.DeviceId}/events/{EventName}", "application/json", report).ConfigureAwait(false);
            _reported = given;
        }
        catch (Exception exception) when (exception is OutboxFullException or OutboxWriteException)
        {
            // The outbox counts its refusal of the report too.
            _refusedReports += exception is OutboxFullException ? 1 : 0;
            services.Logger.LogWarning(
                "{Dropped} events were dropped and {Refused} refused, and the report found no room: {Reason}", given.Dropped, given.Refused, exception.Message);
        }
    }
}
