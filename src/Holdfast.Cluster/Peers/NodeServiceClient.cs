using Orleans.Runtime.Services;

namespace Holdfast.Cluster.Peers;

/// <summary>Makes references to the <see cref="NodeService"/> of one silo.</summary>
internal sealed class NodeServiceClient(IServiceProvider services) : GrainServiceClient<INodeService>(services)
{
    /// <summary>The service of a silo, whether or not it is there.</summary>
    public INodeService Of(SiloAddress silo) => GetGrainService(silo);
}
