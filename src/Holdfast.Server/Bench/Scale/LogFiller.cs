using Holdfast.Mqtt;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Load;

namespace Holdfast.Server.Bench.Scale;

/// <summary>Fills a log with events of ten thousand devices, and with ten of one device spread among them.</summary>
/// <param name="run">A name that no other run has.</param>
internal sealed class LogFiller(string run)
{
    /// <summary>Events of the one device in each filling.</summary>
    public const int DeviceEvents = 10;

    private const int Connections = 100;
    private const int DevicesOfEach = 100;
    private const int Window = 200;

    private int _filled;

    /// <summary>Everything that is filled in.</summary>
    public string Everything => $"bench/{run}/#";

    /// <summary>The one device.</summary>
    public string DeviceTopic => $"bench/{run}/one-of-many";

    /// <summary>Adds events, each acknowledged.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="events">How many, those of the one device included.</param>
    /// <param name="payloadBytes">Bytes of each payload.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="BenchException">Some were refused.</exception>
    public async Task FillAsync(BenchOptions options, int events, int payloadBytes, CancellationToken cancellationToken)
    {
        var errors = new BenchErrors();
        int filling = _filled++;
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(index => Task.Run(
            () => BulkPublisher.PublishAsync(
                options, $"bench-{run}-{filling}-{index}", EventsOf(options, index, events / Connections, payloadBytes), errors, cancellationToken, Window),
            cancellationToken)));
        if (errors.ToList() is [var first, ..])
        {
            throw new BenchException($"filling the log failed: {first.Count} × {first.Reason}");
        }
    }

    // The first connection brings the one device's events, evenly among its own.
    private IEnumerable<PublishTemplate> EventsOf(BenchOptions options, int connection, int events, int payloadBytes)
    {
        PublishTemplate[] devices =
        [
            .. new PublisherPlan($"bench/{run}/{connection}", QualityOfService.AtLeastOnce, payloadBytes, DevicesOfEach).Each().Select(plan => new PublishTemplate(plan, options.Version)),
        ];
        var one = new PublishTemplate(new PublisherPlan(DeviceTopic, QualityOfService.AtLeastOnce, payloadBytes), options.Version);
        int every = Math.Max(1, events / DeviceEvents);
        for (int index = 0; index < events; index++)
        {
            yield return connection == 0 && index % every == every / 2 ? one : devices[index % devices.Length];
        }
    }
}
