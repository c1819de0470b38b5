using Holdfast.Broker;
using Holdfast.Broker.Health;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Limits.Overload;
using Holdfast.Broker.Reports;
using Holdfast.Integrations;
using Holdfast.Log.Partitions;
using Holdfast.Server.CommandLine;
using Holdfast.Transport;
using Holdfast.Transport.Accepting;
using Holdfast.Transport.Tls;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Serving;

/// <summary>Composes one node: the stores, the broker, the listeners, the integrations and the HTTP side.</summary>
internal sealed class NodeHost : IAsyncDisposable
{
    /// <summary>How long clients may take to end their connections when the node shuts down.</summary>
    private static readonly TimeSpan DisconnectTime = TimeSpan.FromSeconds(3);

    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly BrokerMetrics _metrics = new();
    private readonly TaskCompletionSource _drain = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NodeStores _stores = null!;
    private BrokerNode _broker = null!;
    private MqttServer? _mqtt;
    private IntegrationService _integrations = null!;
    private AttemptKeeping? _attempts;
    private ClusterIntegrations? _clusterIntegrations;
    private HttpHost? _http;
    private ServerCertificate? _certificate;
    private TlsTermination? _tls;

    private NodeHost(ServeOptions options)
    {
        _loggers = LoggerFactory.Create(logging => Logging.Configure(logging, options.Json));
        _logger = _loggers.CreateLogger("holdfast");
    }

    /// <summary>Where the node listens, in the order of the options, with the real ports.</summary>
    public IReadOnlyList<string> Addresses { get; private set; } = [];

    /// <summary>Starts a node.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<NodeHost> StartAsync(ServeOptions options, CancellationToken cancellationToken)
    {
        var host = new NodeHost(options);
        try
        {
            await host.StartCoreAsync(options, cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Completes when the token is cancelled, or an operator drains the node. When the store can no longer be trusted the process ends at once.</summary>
    /// <param name="cancellationToken">Cancelled on SIGTERM and SIGINT.</param>
    public async Task WhenFailedAsync(CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = cancellationToken.Register(stopped.SetResult);
        await Task.WhenAny(stopped.Task, _failed.Task, _drain.Task).ConfigureAwait(false);
        if (_failed.Task.IsCompletedSuccessfully)
        {
            EndProcess(_failed.Task.Result);
        }
    }

    /// <summary>Reads the certificate again now; false when there is none.</summary>
    public bool TryReloadCertificate()
    {
        _certificate?.Reload();
        return _certificate is not null;
    }

    /// <summary>Unready first; then clients, integrations and stores, in this order, so that every cursor is exact.</summary>
    public async Task DrainAsync()
    {
        _logger.LogInformation("Draining");
        await _broker.DrainAsync(async () =>
        {
            if (_mqtt is not null)
            {
                await _mqtt.WhenEmptyAsync(DisconnectTime).ConfigureAwait(false);
            }

            if (_http is not null)
            {
                await _http.StopAsync(DisconnectTime).ConfigureAwait(false);
            }

            await _integrations.StopAsync().ConfigureAwait(false);
        }).ConfigureAwait(false);
        if (_stores.Cluster is { } node)
        {
            await node.EndAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        IAsyncDisposable?[] inOrder = [_http, _mqtt, _clusterIntegrations, _integrations, _attempts, _broker, _stores];
        foreach (var part in inOrder)
        {
            if (part is not null)
            {
                await part.DisposeAsync().ConfigureAwait(false);
            }
        }

        _tls?.Dispose();
        _certificate?.Dispose();
        _metrics.Dispose();
        _loggers.Dispose();
    }

    private async Task StartCoreAsync(ServeOptions options, CancellationToken cancellationToken)
    {
        if (options.Certificate is not null)
        {
            _certificate = new ServerCertificate(options.Certificate, TimeProvider.System, _logger);
            _tls = new TlsTermination(_certificate);
            _metrics.AddGauge("holdfast_certificate_expires_at_seconds", () => _certificate.ExpiresAtSeconds, "When the certificate in use expires, in seconds since 1970.");
        }

        if (!OperatingSystem.IsWindows() && !Directory.Exists(options.Data))
        {
            // Events and the administrator's token are nobody else's business.
            Directory.CreateDirectory(options.Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        _stores = options.Cluster is { } cluster
            ? await NodeStores.JoinAsync(cluster, Drain, EndAsDead, EndToStartAnew, exception => _failed.TrySetResult(exception), _loggers, cancellationToken).ConfigureAwait(false)
            : await NodeStores.OpenFilesAsync(options, _logger, cancellationToken).ConfigureAwait(false);
        var brokerOptions = new BrokerOptions
        {
            MaximumPayload = options.MaximumPayloadBytes,
            AckDeadline = options.AckDeadline,
            MaximumKeepAlive = options.MaximumKeepAlive,
            ServerReference = options.ServerReference,
            MemoryLimit = options.MemoryLimitBytes ?? ProcessMemory.DefaultLimit,
        };
        var retention = new RetentionPolicy(options.RetentionAge, options.RetentionBytes);
        var stores = new BrokerStores(_stores.Log, _stores.Sessions, _stores.Checkpoints, retention, _stores.Cluster, _stores.Cluster?.Sessions, _stores.Identities);
        _broker = await BrokerNode.StartAsync(
            brokerOptions, stores, _metrics, TimeProvider.System, _logger, exception => _failed.TrySetResult(exception), cancellationToken).ConfigureAwait(false);
        _stores.Cluster?.Begin(() => _broker.ConnectionCount, () => _broker.Health.State == CommitState.Committing);
        _attempts = new AttemptKeeping(_stores.Attempts, _stores.Log, retention, _logger);
        _integrations = new IntegrationService(new IntegrationEnvironment
        {
            Log = _stores.Log,
            Feed = _broker.Feed,
            Interest = _broker.LogInterests,
            Store = _stores.Integrations,
            Publisher = _broker.Publisher,
            Retained = _broker.Retained,
            Floors = _broker.Floors,
            Attempts = _attempts.Journal,
            Addresses = options.WebhookAddresses,
            Logger = _logger,
        });
        if (_stores.Cluster is { } node)
        {
            _clusterIntegrations = new ClusterIntegrations(node, _integrations, _stores.Integrations, _broker.LogInterests, _logger);
        }
        else
        {
            await _integrations.StartAsync(cancellationToken).ConfigureAwait(false);
        }

        await ListenAsync(options, brokerOptions, cancellationToken).ConfigureAwait(false);
    }

    private async Task ListenAsync(ServeOptions options, BrokerOptions brokerOptions, CancellationToken cancellationToken)
    {
        var files = OpenFiles.OfThisProcess();
        _metrics.AddGauge("holdfast_open_connections", () => files.Connections, "Sockets of clients that are open, of MQTT and of HTTP.");
        _metrics.AddGauge("holdfast_open_connections_limit", () => files.Most, "How many there may be, for the files that the process may open.");
        var http = options.Listen.Where(listen => !listen.IsMqtt).ToList();
        if (http.Count > 0)
        {
            _http = new HttpHost(options, http, _tls, _stores.Log, _broker, _integrations, (IIntegrationNodes?)_clusterIntegrations ?? new OneNode(), Reporter(), files, _loggers);
            await _http.StartAsync(cancellationToken).ConfigureAwait(false);
            _stores.Cluster?.Requests = _http.AnswerAsync;
        }

        var mqtt = options.Listen.Where(listen => listen.IsMqtt).ToList();
        if (mqtt.Count > 0)
        {
            var listeners = mqtt.ConvertAll(listen => ToListener(listen, options));
            _mqtt = new MqttServer(_broker, listeners, brokerOptions.MaximumPacketSize, TimeProvider.System, _loggers, files);
            await _mqtt.StartAsync(cancellationToken).ConfigureAwait(false);
            if (listeners.Any(listener => listener.AllowAnonymous))
            {
                _logger.LogInformation("Clients without credentials are admitted; they belong to product default and may use every topic");
            }

            foreach (var open in mqtt.Where(listen => !listen.IsTls && !listen.IsLoopback))
            {
                _logger.LogWarning("{Listener} has no TLS: keys and messages can be read on their way; use mqtts:// or wss://", open);
            }
        }

        var mqttAddresses = mqtt.Zip(_mqtt?.EndPoints ?? [], (listen, endPoint) => listen with { EndPoint = endPoint });
        Addresses = [.. mqttAddresses.Concat(_http?.Addresses ?? []).Select(address => address.ToString())];
        if (_stores.Cluster is { } cluster)
        {
            cluster.Listening = Addresses;
            _metrics.AddGauge("holdfast_pushed_bytes", () => cluster.PushedBytes, "Bytes of committed events that were pushed to the other nodes there are now.");
            _metrics.AddGauge("holdfast_relay_dropped", () => cluster.RelayDropped, "QoS 0 messages that were dropped because another node did not keep up.");
        }
    }

    private MqttListener ToListener(ListenUrl listen, ServeOptions options) => new(listen.EndPoint, listen.Anonymous ?? (listen.IsLoopback || options.AllowAnonymous))
    {
        ClientCertificates = listen.ClientCertificates,
        Limits = listen.Limits,
        Tls = listen.IsTls ? _tls : null,
        WebSocket = listen.IsWebSocket ? new WebSocketSettings(listen.Path, options.AllowedOrigins) : null,
    };

    private IClusterReporter Reporter() => _stores.Cluster?.Reporter ?? new MachineReporter(_stores.Log, _broker, Drain);

    private void Drain() => _drain.TrySetResult();

    /// <summary>Nothing may be acknowledged any more: what this node's clients had goes on elsewhere.</summary>
    private void EndAsDead(string reason) => End(
        ExitCodes.TakenForDead, null, $"The cluster has taken this node for dead: {reason}.", "The process ends; start it again.");

    /// <summary>What was delivered from here is no longer true; only a new start knows nothing of it.</summary>
    private void EndToStartAnew(string reason) => End(
        ExitCodes.TakenForDead, null, reason, "The process ends to start anew from what the database has; start it again.");

    /// <summary>Nothing may be acknowledged any more, and what the disk holds is for the next start to find out.</summary>
    private void EndProcess(Exception exception) => End(
        ExitCodes.StoreFailed, exception, exception.Message, "The store can no longer be trusted; the process ends. Start it again when the disk is well.");

    private void End(int exitCode, Exception? exception, string reason, string consequence) => ProcessEnd.Now(exitCode, () =>
    {
        _logger.LogCritical(exception, "{Reason} {Consequence}", reason, consequence);

        // What waits to be written is written.
        _loggers.Dispose();
    });
}
