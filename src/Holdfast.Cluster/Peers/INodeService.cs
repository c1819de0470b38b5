using Orleans.Services;

namespace Holdfast.Cluster.Peers;

/// <summary>What Orleans carries from one node to another: the messages of <see cref="INodeEndpoint"/>, to one life of a node.</summary>
internal interface INodeService : IGrainService, INodeEndpoint;
