using System.Net;
using System.Net.Sockets;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Postgres;
using Holdfast.Log.Postgres.Members;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Holdfast.Cluster.Silo;

/// <summary>This node's part of the cluster: it joins, sees the others, and carries messages between them. One for each process.</summary>
public sealed class ClusterSilo : IAsyncDisposable
{
    /// <summary>How long the database may be away before what the membership wants of it fails. Orleans then waits up to a minute, so it should hardly ever happen.</summary>
    private static readonly TimeSpan DatabasePatience = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan GenerationTime = TimeSpan.FromSeconds(1);

    private readonly IHost _host;
    private readonly ClusterMembers _members;
    private readonly SiloPeers _peers;

    private ClusterSilo(IHost host, ClusterMembers members, SiloPeers peers)
    {
        _host = host;
        _members = members;
        _peers = peers;
    }

    /// <summary>This node and the others.</summary>
    public IPeers Peers => _peers;

    /// <summary>Makes the silo and gives this life of the node its identity. Nobody sees it yet.</summary>
    /// <param name="options">How the node takes part.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FormatException">The name is none.</exception>
    /// <exception cref="Log.Segments.StoreUnusableException">The schema is newer than this program, or the store is another one than the options say.</exception>
    /// <exception cref="DatabaseUnavailableException">There was no primary, or none for five minutes once there had been one.</exception>
    public static async Task<ClusterSilo> CreateAsync(ClusterSiloOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        var members = await ClusterMembers.OpenAsync(options.Database with { StateRetryTime = DatabasePatience }, cancellationToken).ConfigureAwait(false);
        try
        {
            var (host, address) = await BuildAsync(options, members, cancellationToken).ConfigureAwait(false);
            var peers = ActivatorUtilities.CreateInstance<SiloPeers>(host.Services, NodeId.From(options.Name, address), options.Database.TimeProvider);
            return new ClusterSilo(host, members, peers);
        }
        catch
        {
            await members.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Joins the cluster. When it returns, the node takes part and the others see it.</summary>
    /// <param name="cancellationToken">Gives up; the silo must then be disposed.</param>
    public Task StartAsync(CancellationToken cancellationToken = default) => Task.Run(() => _host.StartAsync(cancellationToken), cancellationToken);

    /// <summary>Leaves the cluster: the others see at once that this node is gone.</summary>
    /// <param name="cancellationToken">Leaves without ceremony.</param>
    public Task StopAsync(CancellationToken cancellationToken = default) => Task.Run(() => _host.StopAsync(cancellationToken), CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _peers.DisposeAsync().ConfigureAwait(false);
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync().ConfigureAwait(false);
        }

        await _members.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Orleans counts lives in seconds. A node that comes back within the second of its last start would be taken for the life before, so it waits for the next.</summary>
    private static async Task<(IHost Host, SiloAddress Address)> BuildAsync(ClusterSiloOptions options, ClusterMembers members, CancellationToken cancellationToken)
    {
        while (true)
        {
            var host = Build(options, members);
            var address = host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
            var known = await members.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (known.Members.All(member => member.Address != address.ToParsableString()))
            {
                return (host, address);
            }

            host.Dispose();
            await Task.Delay(GenerationTime, options.Database.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private static IHost Build(ClusterSiloOptions options, ClusterMembers members)
    {
        var listen = options.Listen.Port == 0 ? new IPEndPoint(options.Listen.Address, FreePort(options.Listen.Address)) : options.Listen;
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(options.LoggerFactory);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.UseOrleans(silo => SiloSettings.Apply(silo, options, members, listen));
        return builder.Build();
    }

    private static int FreePort(IPAddress address)
    {
        using var listener = new TcpListener(address, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The process's signals are not the silo's business.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
