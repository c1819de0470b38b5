using System.Net;
using Holdfast.Status.Managing;
using Holdfast.Status.Notifying;
using Holdfast.Status.Operating;
using Holdfast.Status.Page;
using Holdfast.Status.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Holdfast.Status;

/// <summary>The status page as a server of its own.</summary>
public sealed class StatusServer : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    // Judged is every second; a report or a look that holds the desk for long, or a disk that is full, is no judgement.
    private static readonly TimeSpan JudgementLimit = TimeSpan.FromSeconds(30);

    private readonly WebApplication _host;
    private readonly StatusDesk _desk;
    private readonly CustodyClient _custody;
    private readonly Postman _postman;
    private readonly ITimer _ticker;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly HttpClient _itself = new();
    private Heartbeat? _heartbeat;
    private ListenOptions? _listener;

    private StatusServer(string directory, IPEndPoint endPoint, ILoggerFactory loggers, TimeProvider time)
    {
        var options = PageOptions.Load(directory);
        var notifications = NotificationOptions.Load(directory);
        ILogger log = _log = loggers.CreateLogger("Holdfast.Status");
        _time = time;
        _desk = new StatusDesk(directory, options, notifications, time, log);
        _custody = new CustodyClient(options, Environment.GetEnvironmentVariable(CustodyClient.TokenVariable));
        var links = new LinkTokens(_desk.Use(tables => tables.Subscribers.LinkKey()));
        var subscriptions = new Subscriptions(_desk, notifications, options, links, time);
        var postmortems = new Postmortems(_desk, _custody, time);
        var endpoints = new StatusEndpoints(
            _desk,
            new PageCache(_desk, options, time),
            new ManagementApi(_desk, AdminToken.Load(directory), postmortems, subscriptions),
            new SubscriptionPages(subscriptions, _desk, options),
            new OperatorEndpoints(_desk, new Logins(_desk, time), postmortems, subscriptions, options),
            Logo.Load(directory, options));
        WarnOfAlerts(notifications, log);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(endPoint, listener => _listener = listener);
        });
        _host = builder.Build();
        _host.Run(endpoints.ServeAsync);
        _postman = new Postman(_desk, notifications, options, links, time, log);
        _ticker = time.CreateTimer(_ => _desk.Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>Where it listens, with the real port.</summary>
    public Uri Address => new($"http://{_listener!.IPEndPoint}");

    /// <summary>Starts a page.</summary>
    /// <param name="directory">The data directory; made when it is missing.</param>
    /// <param name="endPoint">Where to listen; port 0 takes a free one.</param>
    /// <param name="loggers">Where log lines go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <param name="heartbeat">An outside service that is called every minute as long as the page is served and judges; null for none.</param>
    /// <exception cref="Storage.StatusDataException">The data cannot be used.</exception>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<StatusServer> StartAsync(
        string directory, IPEndPoint endPoint, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken, Uri? heartbeat = null)
    {
        var server = new StatusServer(directory, endPoint, loggers, time);
        try
        {
            await server._host.StartAsync(cancellationToken).ConfigureAwait(false);
            server._heartbeat = heartbeat is null ? null : new Heartbeat(heartbeat, server.ProblemAsync, time, server._log);
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_heartbeat is not null)
        {
            await _heartbeat.DisposeAsync().ConfigureAwait(false);
        }

        await _ticker.DisposeAsync().ConfigureAwait(false);
        using var limit = new CancellationTokenSource(StopLimit);
        await _host.StopAsync(limit.Token).ConfigureAwait(false);
        await _host.DisposeAsync().ConfigureAwait(false);
        await _postman.DisposeAsync().ConfigureAwait(false);
        _custody.Dispose();
        _desk.Dispose();
        _itself.Dispose();
    }

    // Asked of itself as of a stranger: over HTTP. Before that whether it judges, since a look at the page makes it judge.
    private async Task<string?> ProblemAsync(CancellationToken cancellationToken)
    {
        TimeSpan age = _time.GetUtcNow() - _desk.StoredAt;
        if (age > JudgementLimit)
        {
            return $"no judgement was stored for {Words.Duration(age)}";
        }

        IPAddress address = _listener!.IPEndPoint!.Address;
        string host = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? "localhost" : Address.Host;
        using HttpResponseMessage response = await _itself.GetAsync(new Uri($"http://{host}:{Address.Port}/"), cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode ? null : $"the page answers {(int)response.StatusCode}";
    }

    // One channel alone fails just when it is needed.
    private static void WarnOfAlerts(NotificationOptions notifications, ILogger log)
    {
        int channels = notifications.Alerts.Select(alert => alert.Channel).Distinct().Count();
        if (channels < 2)
        {
            log.LogWarning("operators are alerted by {Count} kinds of channels; name at least two in {File}, so that an incident is heard of when one of them fails", channels, NotificationOptions.FileName);
        }
    }
}
