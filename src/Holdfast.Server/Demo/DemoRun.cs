using System.Globalization;
using System.Text.Json.Nodes;
using Holdfast.Server.Management;

namespace Holdfast.Server.Demo;

/// <summary>The demonstration: load, SIGKILL, restart, load, count.</summary>
/// <param name="options">What was asked for.</param>
/// <param name="program">What runs the broker.</param>
/// <param name="page">What runs the status page and its watcher.</param>
/// <param name="progress">Where it tells what happens.</param>
/// <param name="time">The clock.</param>
internal sealed class DemoRun(DemoOptions options, BrokerProgram program, BrokerProgram page, DemoProgress progress, TimeProvider time)
{
    private static readonly TimeSpan SettlingCheck = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PageLimit = TimeSpan.FromSeconds(15);

    /// <summary>A page that has not noticed by then will not.</summary>
    private static readonly TimeSpan NoticeLimit = TimeSpan.FromSeconds(10);

    private readonly DemoTally _tally = new(time);

    /// <summary>Runs it.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="InvalidOperationException">The broker did not start, or the webhook could not be added.</exception>
    public async Task<DemoResult> RunAsync(CancellationToken cancellationToken)
    {
        string data = Directory.CreateTempSubdirectory("holdfast-demo-").FullName;
        if (options.JournalDirectory is { } directory)
        {
            Directory.CreateDirectory(directory);
        }

        DemoResult? result = null;
        try
        {
            return result = await RunAsync(data, cancellationToken);
        }
        finally
        {
            // What shows a loss is worth keeping.
            if (result is null or { IsProven: true })
            {
                Directory.Delete(data, recursive: true);
            }
            else
            {
                progress.Tell($"the data directory is kept: {data}");
            }
        }
    }

    private async Task<DemoResult> RunAsync(string data, CancellationToken cancellationToken)
    {
        string brokerData = Path.Combine(data, "broker");
        using DemoJournal journal = OpenJournal("broker");
        await using DemoWebhook webhook = await DemoWebhook.StartAsync(_tally, OpenJournal("webhook"));
        await using var broker = new KillableBroker(program, brokerData, journal, progress, time);
        await broker.StartAsync(cancellationToken);
        using ApiClient api = await OpenApiAsync(broker.Http, brokerData, cancellationToken);
        await AddWebhookAsync(api, webhook.Url, cancellationToken);
        await using DemoStatusPage statusPage = await DemoStatusPage.StartAsync(page, Path.Combine(data, "status"), broker, api, time, cancellationToken);
        progress.Tell("a status page and its watcher run beside it");

        using var subscriber = new DemoSubscriber(broker.Mqtt, _tally, OpenJournal("subscriber"), time);
        using var stopReceiving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task receiving = subscriber.RunAsync(stopReceiving.Token);
        await subscriber.Subscribed.WaitAsync(KillableBroker.StartTimeout, cancellationToken);

        DemoDevice[] devices = [.. Enumerable.Range(0, options.Devices).Select(index => MakeDevice(index, broker.Mqtt))];
        try
        {
            await LoadAsync(devices, broker, statusPage, cancellationToken);
        }
        finally
        {
            Array.ForEach(devices, device => device.Dispose());
        }

        await stopReceiving.CancelAsync();
        await receiving;
        string copy = options.JournalDirectory is { } directory ? Path.Combine(directory, "status-page") : Directory.CreateTempSubdirectory("holdfast-demo-page-").FullName;
        DemoIncident? incident = await statusPage.ReadAsync(broker.KilledAt, copy, PageLimit, cancellationToken);
        return new DemoResult { Incident = incident, Figures = _tally.Read(), IsKilled = broker.IsKilled, RestartSeconds = Math.Round(broker.RestartTime.TotalSeconds, 3), Seed = options.Seed };
    }

    private async Task LoadAsync(DemoDevice[] devices, KillableBroker broker, DemoStatusPage statusPage, CancellationToken cancellationToken)
    {
        using var stopMaking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task publishing = Task.WhenAll(devices.Select(device => Task.Run(() => device.RunAsync(stopMaking.Token, giveUp.Token), CancellationToken.None)));
        progress.Tell($"{devices.Length} devices publish, one subscriber and one webhook listen");
        await WatchAsync(options.Duration / 2, cancellationToken);
        if (!await statusPage.IsWellAsync(PageLimit, cancellationToken))
        {
            progress.Tell("the status page does not say that all is well, so it may not record what comes");
        }

        await broker.KillAsync();
        long killedAt = time.GetTimestamp();
        bool isNoticed = await statusPage.HasNoticedAsync(NoticeLimit, cancellationToken);
        progress.Tell(string.Create(
            CultureInfo.InvariantCulture, $"the status page has {(isNoticed ? "" : "not ")}noticed after {time.GetElapsedTime(killedAt).TotalSeconds:0.00} s; starting the broker again on the same data"));
        await broker.StartAsync(cancellationToken);
        await WatchAsync(options.Duration / 2, cancellationToken);
        _tally.StopMeasuringPauses();
        await stopMaking.CancelAsync();
        await SettleAsync(publishing, giveUp, cancellationToken);
    }

    private DemoDevice MakeDevice(int index, Uri mqtt)
    {
        var model = new DeviceModel(index, options.Seed);
        return new DemoDevice(model, mqtt, options, _tally, OpenJournal(model.Id), time);
    }

    private DemoJournal OpenJournal(string client) => DemoJournal.Open(options.JournalDirectory, client, time);

    private static async Task<ApiClient> OpenApiAsync(Uri http, string data, CancellationToken cancellationToken)
    {
        string tokenFile = Path.Combine(data, "admin-token");
        string? token = File.Exists(tokenFile) ? (await File.ReadAllTextAsync(tokenFile, cancellationToken)).Trim() : null;
        return new ApiClient(http, token);
    }

    private static async Task AddWebhookAsync(ApiClient api, Uri url, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["name"] = "demo", ["filter"] = "devices/+/events/#", ["url"] = url.ToString() };
        ApiAnswer answer = await api.SendAsync(HttpMethod.Post, "api/v1/products/default/integrations", body.ToJsonString(), cancellationToken);
        if (!answer.IsSuccess)
        {
            throw new InvalidOperationException($"the webhook could not be added: {answer.Problem}");
        }
    }

    private async Task WatchAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        for (TimeSpan left = duration; left > TimeSpan.Zero; left -= DemoProgress.Interval)
        {
            await Task.Delay(left < DemoProgress.Interval ? left : DemoProgress.Interval, time, cancellationToken);
            progress.Show(_tally.Read());
        }
    }

    private async Task SettleAsync(Task publishing, CancellationTokenSource giveUp, CancellationToken cancellationToken)
    {
        progress.Tell("the devices make no more events; waiting until everything acknowledged is delivered");
        long start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < options.Settling && (!publishing.IsCompleted || _tally.Read().Lost > 0))
        {
            await Task.Delay(SettlingCheck, time, cancellationToken);
        }

        await giveUp.CancelAsync();
        await publishing;
        progress.Show(_tally.Read());
    }
}
