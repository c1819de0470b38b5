using Holdfast.Api;
using Holdfast.Api.Relaying;
using Holdfast.Api.Security;
using Holdfast.Broker;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Reports;
using Holdfast.Integrations;
using Holdfast.Log.Partitions;
using Holdfast.Server.CommandLine;
using Holdfast.Transport.Accepting;
using Holdfast.Transport.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Serving;

/// <summary>The HTTP side: a Kestrel of its own, with ordinary scheduling.</summary>
internal sealed class HttpHost : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly List<(ListenUrl Listener, ListenOptions Options)> _listeners = [];

    public HttpHost(
        ServeOptions options,
        IReadOnlyList<ListenUrl> listeners,
        TlsTermination? tls,
        IPartitionLog log,
        BrokerNode broker,
        IntegrationService integrations,
        IIntegrationNodes nodes,
        IClusterReporter reporter,
        OpenFiles files,
        ILoggerFactory loggers)
    {
        var api = new ApiOptions
        {
            AdminToken = AdminToken.LoadOrCreate(options.Data),
            AllowAnonymous = options.AllowAnonymous,
            MaximumPayloadBytes = options.MaximumPayloadBytes,
        };
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(log);
        builder.Services.AddSingleton(broker.Feed);
        builder.Services.AddSingleton(broker.LogInterests);
        builder.Services.AddSingleton(broker.Publisher);
        builder.Services.AddSingleton(broker.Calls);
        builder.Services.AddSingleton(broker.Health);
        builder.Services.AddSingleton(broker.Identities);
        builder.Services.AddSingleton(broker.Authenticator);
        builder.Services.AddSingleton(broker.Refusals);
        builder.Services.AddSingleton<IIntegrationRegistry>(integrations);
        builder.Services.AddSingleton(nodes);
        builder.Services.AddSingleton(reporter);
        builder.Services.AddSingleton(integrations.Deliveries);
        builder.Services.AddSingleton(integrations.CustodyWith(broker.SessionPositions, reporter));
        builder.Services.AddHoldfastApi(api);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton<IConnectionListenerFactory>(
            _ => new AdmittingListenerFactory(broker, files, TimeProvider.System, loggers) { IsHttp = true });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            foreach (var listener in listeners)
            {
                kestrel.Listen(listener.EndPoint, options =>
                {
                    _listeners.Add((listener, options));
                    if (listener.IsTls)
                    {
                        tls!.Use(options);
                    }
                });
            }
        });
        _host = builder.Build();
        _host.MapHoldfastApi();
    }

    /// <summary>Where it listens, with the real ports, once started.</summary>
    public IEnumerable<ListenUrl> Addresses => _listeners.Select(one => one.Listener with { EndPoint = one.Options.IPEndPoint! });

    /// <summary>Answers a request that came to another node.</summary>
    public ValueTask<byte[]> AnswerAsync(byte[] request) => _host.Services.GetRequiredService<RequestRelay>().AnswerAsync(request);

    public Task StartAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    /// <summary>Ends the event streams and the connections; who does not let go in time is cut off.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        using var cancellation = new CancellationTokenSource(limit);
        await _host.StopAsync(cancellation.Token).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync() => await _host.DisposeAsync().ConfigureAwait(false);
}
