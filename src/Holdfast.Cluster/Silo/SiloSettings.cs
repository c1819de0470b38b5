using System.Net;
using System.Text;
using Holdfast.Cluster.Connections;
using Holdfast.Cluster.Membership;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Postgres.Members;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Holdfast.Cluster.Silo;

/// <summary>What the silo is made of, and its times. The reasons are in docs/adr/0008-orleans-membership.md.</summary>
internal static class SiloSettings
{
    /// <summary>Between two probes of a node, and how long each may take.</summary>
    private static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(1);

    /// <summary>Probes missed in a row before a node votes.</summary>
    private const int MissedProbes = 3;

    /// <summary>Votes that make a node dead; fewer when there are fewer nodes to vote.</summary>
    private const int Votes = 2;

    /// <summary>Between two looks at the table: how late a change is seen at most when the message about it was lost.</summary>
    private static readonly TimeSpan TableRefreshTime = TimeSpan.FromSeconds(5);

    /// <summary>Between two signs of life in the table; after three missed ones a node that just starts may declare the silent one dead.</summary>
    private static readonly TimeSpan AliveTime = TimeSpan.FromSeconds(5);

    /// <summary>How long a connection may take to be made, and how long an attempt that failed is not repeated.</summary>
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConnectPause = TimeSpan.FromMilliseconds(200);

    public static void Apply(ISiloBuilder silo, ClusterSiloOptions options, ClusterMembers members, IPEndPoint listen)
    {
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (members.Cluster, "holdfast"));
        silo.Configure<SiloOptions>(names => names.SiloName = options.Name);
        silo.Configure<EndpointOptions>(endpoints =>
        {
            endpoints.AdvertisedIPAddress = listen.Address;
            endpoints.SiloPort = listen.Port;
            endpoints.GatewayPort = 0;
            endpoints.SiloListeningEndpoint = listen;
        });
        silo.Configure<ClusterMembershipOptions>(Membership);
        silo.Configure<ConnectionOptions>(connections => (connections.OpenConnectionTimeout, connections.ConnectionRetryDelay) = (ConnectTime, ConnectPause));
        silo.Configure<SiloMessagingOptions>(messages => (messages.ResponseTimeout, messages.SystemResponseTimeout) = (RemoteNode.AnswerLimit, RemoteNode.AnswerLimit));
        silo.Services.AddSingleton(services => new PeerConnections(
            NodeId.From(options.Name, services.GetRequiredService<ILocalSiloDetails>().SiloAddress),
            Encoding.UTF8.GetBytes(options.Secret ?? string.Empty),
            options.Database.TimeProvider,
            services.GetRequiredService<ILogger<PeerConnections>>()));
        silo.Services.AddOptions<SiloConnectionOptions>().Configure<IServiceProvider>((connections, services) =>
        {
            connections.ConfigureSiloOutboundConnection(builder => services.GetRequiredService<PeerConnections>().Use(builder, isCaller: true));
            connections.ConfigureSiloInboundConnection(builder => services.GetRequiredService<PeerConnections>().Use(builder, isCaller: false));
        });
        silo.Services.AddSerializer(serializer => serializer.AddAssembly(typeof(NodeService).Assembly));
        silo.Services.AddSingleton(options.Endpoint);
        silo.Services.AddSingleton<IMembershipTable>(new PostgresMembershipTable(members, options.Database.TimeProvider));
        silo.Services.Replace(ServiceDescriptor.Singleton<IFatalErrorHandler>(services => ActivatorUtilities.CreateInstance<SiloFatality>(services, options.OnDeclaredDead)));
        silo.AddGrainService<NodeService>();
        silo.Services.AddSingleton<NodeServiceClient>();
    }

    private static void Membership(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = ProbeTime;
        membership.MinProbeTimeout = ProbeTime;
        membership.MaxProbeTimeout = ProbeTime;
        membership.NumMissedProbesLimit = MissedProbes;
        membership.NumVotesForDeathDeclaration = Votes;
        membership.TableRefreshTimeout = TableRefreshTime;
        membership.IAmAliveTablePublishTimeout = AliveTime;
    }
}
