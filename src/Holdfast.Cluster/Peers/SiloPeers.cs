using Holdfast.Cluster.Connections;
using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Peers;

/// <summary>What Orleans' membership shows, in our words.</summary>
internal sealed class SiloPeers : IPeers, IAsyncDisposable
{
    private readonly IClusterMembershipService _membership;
    private readonly NodeServiceClient _services;
    private readonly PeerConnections _connections;
    private readonly TimeProvider _clock;
    private readonly ILogger<SiloPeers> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private volatile View _view = new([], []);

    /// <summary>Begins to watch.</summary>
    public SiloPeers(NodeId self, IClusterMembershipService membership, NodeServiceClient services, PeerConnections connections, TimeProvider clock, ILogger<SiloPeers> logger)
    {
        Self = self;
        _membership = membership;
        _services = services;
        _connections = connections;
        _clock = clock;
        _logger = logger;
        _watching = Task.Run(WatchAsync);
    }

    /// <inheritdoc/>
    public event Action? Changed;

    /// <inheritdoc/>
    public NodeId Self { get; }

    /// <inheritdoc/>
    public IReadOnlyList<NodeId> Others => _view.Others;

    /// <inheritdoc/>
    public bool IsDeclaredDead(NodeId node) => _membership.CurrentSnapshot.GetSiloStatus(node.ToSiloAddress()) == SiloStatus.Dead;

    /// <inheritdoc/>
    public INodeEndpoint Get(NodeId node) => new RemoteNode(node, _services.Of(node.ToSiloAddress()), this, _connections.To(node), _clock);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        await foreach (var snapshot in _membership.MembershipUpdates.WithCancellation(_stop.Token).ConfigureAwait(false))
        {
            var before = _view;
            var view = View.Of(snapshot, Self);
            _view = view;
            view.Dead.ForEach(_connections.Forget);
            if (view.IsOtherThan(before))
            {
                _logger.LogInformation("The other nodes: {Others}.", view.Others.Count == 0 ? "none" : string.Join(", ", view.Others));
                Notify();
            }
        }
    }

    private void Notify()
    {
        try
        {
            Changed?.Invoke();
        }
        catch (Exception error)
        {
            // Who did not take the news must not keep the others from the next.
            _logger.LogError(error, "A change of the membership could not be handled.");
        }
    }

    /// <summary>A moment of the membership.</summary>
    private sealed record View(IReadOnlyList<NodeId> Others, List<NodeId> Dead)
    {
        public static View Of(ClusterMembershipSnapshot snapshot, NodeId self) => new(
            Find(snapshot, status => status is SiloStatus.Joining or SiloStatus.Active, self),
            Find(snapshot, status => status is SiloStatus.Dead, self));

        public bool IsOtherThan(View other) => !Others.SequenceEqual(other.Others) || !Dead.SequenceEqual(other.Dead);

        private static List<NodeId> Find(ClusterMembershipSnapshot snapshot, Func<SiloStatus, bool> fits, NodeId self) =>
        [
            .. snapshot.Members.Values
                .Where(member => fits(member.Status) && NodeId.IsName(member.Name))
                .Select(member => NodeId.From(member.Name, member.SiloAddress))
                .Where(node => node != self)
                .OrderBy(node => node.Name, StringComparer.Ordinal)
                .ThenBy(node => node.ToString(), StringComparer.Ordinal),
        ];
    }
}
