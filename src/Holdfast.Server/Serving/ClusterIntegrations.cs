using Holdfast.Broker.Delivery;
using Holdfast.Broker.Integrations;
using Holdfast.Cluster;
using Holdfast.Cluster.Peers;
using Holdfast.Integrations;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Serving;

/// <summary>
/// Runs each integration of a cluster on one node: the owner of the partition that its name hashes to. Every node knows the filters of all, since a QoS 0 message that one of them wants
/// is logged wherever it is published.
/// </summary>
internal sealed class ClusterIntegrations : IIntegrationNodes, IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly ClusterNode _node;
    private readonly IntegrationService _service;
    private readonly IIntegrationStore _store;
    private readonly ILogInterest _interest;
    private readonly ILogger _logger;
    private readonly Dictionary<(string Product, string Name, string Filter), IDisposable> _interests = [];
    private volatile HashSet<(string Product, string Name)> _stored = [];

    /// <summary>Those that this node has started, or found not to be valid.</summary>
    private volatile HashSet<(string Product, string Name)> _settled = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private bool _isAway;

    public ClusterIntegrations(ClusterNode node, IntegrationService service, IIntegrationStore store, ILogInterest interest, ILogger logger)
    {
        _node = node;
        _service = service;
        _store = store;
        _interest = interest;
        _logger = logger;
        _running = Task.Run(RunAsync);
    }

    /// <inheritdoc/>
    public IEnumerable<string> Names(string product) => _stored.Where(one => one.Product == product).Select(one => one.Name);

    /// <inheritdoc/>
    public bool IsMoving(string product, string name)
        => _node.ServerOf(product, name) is not { } server || (server == _node.Peers.Self && _stored.Contains((product, name)) && !_settled.Contains((product, name)));

    /// <inheritdoc/>
    public bool RunsElsewhere(string product, string name) => !_node.Serves(product, name);

    /// <inheritdoc/>
    public async ValueTask<byte[]> AskRunnerAsync(string product, string name, byte[] request)
    {
        if (_node.ServerOf(product, name) is not { } server || server == _node.Peers.Self)
        {
            throw new NodeSilentException("The integration is just moving to another node.");
        }

        try
        {
            return await _node.Peers.Get(server).AnswerAsync(request).ConfigureAwait(false);
        }
        catch (PeerUnavailableException exception)
        {
            throw new NodeSilentException($"The node '{server.Name}' runs the integration and does not answer: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<(string Node, byte[]? Answer)>> AskOthersAsync(byte[] request)
        => await Task.WhenAll(_node.Peers.Others.Select(async other =>
        {
            try
            {
                return (other.Name, (byte[]?)await _node.Peers.Get(other).AnswerAsync(request).ConfigureAwait(false));
            }
            catch (PeerUnavailableException)
            {
                return (other.Name, null);
            }
        })).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            do
            {
                await LookAsync().ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task LookAsync()
    {
        try
        {
            var stored = await _store.LoadAsync(_stopping.Token).ConfigureAwait(false);
            _isAway = false;
            Follow(stored);
            _stored = [.. stored.Select(one => (one.Product, one.Name))];
            var settled = new HashSet<(string Product, string Name)>();
            foreach (var one in stored)
            {
                if (_node.Serves(one.Product, one.Name))
                {
                    await _service.StartAsync(one.Product, one.Name, _stopping.Token).ConfigureAwait(false);
                    settled.Add((one.Product, one.Name));
                }
                else
                {
                    await _service.StopAsync(one.Product, one.Name).ConfigureAwait(false);
                }
            }

            _settled = settled;
        }
        catch (IOException exception)
        {
            // Twice a second for as long as the database is away would hide everything else.
            _logger.Log(_isAway ? LogLevel.Debug : LogLevel.Warning, "The integrations cannot be looked at now: {Message}", exception.Message);
            _isAway = true;
        }
    }

    private void Follow(IReadOnlyList<StoredIntegration> stored)
    {
        var wanted = stored.Select(one => (one.Product, one.Name, one.Filter)).ToHashSet();
        foreach (var key in wanted.Where(key => !_interests.ContainsKey(key)))
        {
            _interests[key] = _interest.Add(key.Product, key.Filter);
        }

        foreach (var key in _interests.Keys.Except(wanted).ToList())
        {
            _interests.Remove(key, out var gone);
            gone!.Dispose();
        }
    }
}
