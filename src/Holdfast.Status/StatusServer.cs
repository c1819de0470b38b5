using System.Net;
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

    private readonly WebApplication _host;
    private readonly StatusDesk _desk;
    private readonly ITimer _ticker;
    private ListenOptions? _listener;

    private StatusServer(string directory, IPEndPoint endPoint, ILoggerFactory loggers, TimeProvider time)
    {
        var options = PageOptions.Load(directory);
        _desk = new StatusDesk(directory, time, loggers.CreateLogger("Holdfast.Status"));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(endPoint, listener => _listener = listener);
        });
        _host = builder.Build();
        var endpoints = new StatusEndpoints(_desk, new PageCache(_desk, options, time));
        _host.Run(endpoints.ServeAsync);
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
    /// <exception cref="Storage.StatusDataException">The data cannot be used.</exception>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<StatusServer> StartAsync(
        string directory, IPEndPoint endPoint, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var server = new StatusServer(directory, endPoint, loggers, time);
        try
        {
            await server._host.StartAsync(cancellationToken).ConfigureAwait(false);
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
        await _ticker.DisposeAsync().ConfigureAwait(false);
        using var limit = new CancellationTokenSource(StopLimit);
        await _host.StopAsync(limit.Token).ConfigureAwait(false);
        await _host.DisposeAsync().ConfigureAwait(false);
        _desk.Dispose();
    }
}
