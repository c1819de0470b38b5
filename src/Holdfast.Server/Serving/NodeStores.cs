using Holdfast.Cluster;
using Holdfast.Log.Attempts;
using Holdfast.Log.Attempts.Files;
using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres;
using Holdfast.Log.Segments;
using Holdfast.Log.State;
using Holdfast.Server.CommandLine;
using Holdfast.Server.Migration;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Serving;

/// <summary>Where a node keeps everything durable: files of its own, or a cluster's database.</summary>
internal sealed class NodeStores : IAsyncDisposable
{
    private readonly IAsyncDisposable[] _parts;

    private NodeStores(params IAsyncDisposable[] parts) => _parts = parts;

    public required IPartitionLog Log { get; init; }

    public required ISessionStore Sessions { get; init; }

    public required ICheckpointStore Checkpoints { get; init; }

    public required IIntegrationStore Integrations { get; init; }

    public required IIdentityStore Identities { get; init; }

    /// <summary>The attempts to deliver.</summary>
    public required IAttemptStore Attempts { get; init; }

    /// <summary>This node's part of the cluster, or null.</summary>
    public ClusterNode? Cluster { get; private init; }

    /// <summary>Opens the files in the data directory.</summary>
    public static async Task<NodeStores> OpenFilesAsync(ServeOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        MovedStore.Refuse(options.Data);
        var log = await SegmentLog.OpenAsync(
            new SegmentLogOptions
            {
                Directory = options.Data,
                SegmentBytes = (int)options.SegmentBytes,
                MinimumFreeBytes = options.MinFreeBytes,
                Logger = logger,
            },
            cancellationToken).ConfigureAwait(false);
        try
        {
            var state = SqliteStateStore.Open(Path.Combine(options.Data, "state.db"), log.PartitionCount, logger);
            var attempts = await AttemptFileStore.OpenAsync(Path.Combine(options.Data, AttemptFileStore.DirectoryName), log.PartitionCount, logger).ConfigureAwait(false);
            return new NodeStores(attempts, log, state) { Log = log, Sessions = state, Checkpoints = state, Integrations = state, Identities = state, Attempts = attempts };
        }
        catch
        {
            await log.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Joins a cluster.</summary>
    public static async Task<NodeStores> JoinAsync(
        ClusterOptions options, Action onDrain, Action<string> onDeclaredDead, Action<string> onEndLost, Action<Exception> onFatal, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var node = await ClusterNode.StartAsync(
            new ClusterNodeOptions
            {
                Name = options.Node,
                Zone = options.Zone,
                Listen = options.Listen,
                Secret = options.Secret,
                Database = new PostgresOptions { ConnectionString = options.Connection, Durability = options.Durability, Logger = loggers.CreateLogger("holdfast.database") },
                OnDrain = onDrain,
                OnDeclaredDead = onDeclaredDead,
                OnEndLost = onEndLost,
                OnFatal = onFatal,
                LoggerFactory = loggers,
            },
            cancellationToken).ConfigureAwait(false);
        return new NodeStores(node)
        {
            Log = node.Log, Sessions = node.State, Checkpoints = node.Checkpoints, Integrations = node.State, Identities = node.State, Attempts = node.State.Attempts, Cluster = node,
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in _parts)
        {
            await part.DisposeAsync().ConfigureAwait(false);
        }
    }
}
