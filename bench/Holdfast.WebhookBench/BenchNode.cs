using System.Text;
using System.Text.Json;
using Holdfast.Broker.Custody;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Reports;
using Holdfast.Integrations;
using Holdfast.Integrations.Network;
using Holdfast.Log.Attempts;
using Holdfast.Log.Attempts.Files;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Log.Segments;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.WebhookBench;

/// <summary>The log on disk and integrations on top, without a broker in front.</summary>
internal sealed class BenchNode : ICommitFeed, ILogInterest, IEventPublisher, ISessionPositions, IClusterReporter, IAsyncDisposable
{
    private const int BatchRecords = 64;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("holdfast-webhooks-");
    private readonly long[] _announced = new long[Partitioning.DefaultPartitionCount];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SegmentLog _log = null!;
    private SqliteStateStore _state = null!;
    private AttemptJournal? _attempts;

    public IntegrationService Service { get; private set; } = null!;

    /// <summary>Whether attempts are noted; without, to see what that costs.</summary>
    public static bool KeepsJournal { get; set; } = true;

    public ICustody Custody => Service.CustodyWith(this, this);

    public string Incarnation => _log.Incarnation;

    public SegmentLog Log => _log;

    public static async Task<BenchNode> StartAsync()
    {
        var node = new BenchNode();
        node._log = await SegmentLog.OpenAsync(new SegmentLogOptions { Directory = node._directory.FullName });
        node._state = SqliteStateStore.Open(Path.Combine(node._directory.FullName, "state.db"));
        if (KeepsJournal)
        {
            var store = await AttemptFileStore.OpenAsync(Path.Combine(node._directory.FullName, "attempts"), node._announced.Length, NullLogger.Instance);
            node._attempts = new AttemptJournal(store, new AttemptJournalOptions());
        }

        node.Service = new IntegrationService(new IntegrationEnvironment
        {
            Log = node._log,
            Feed = node,
            Interest = node,
            Publisher = node,
            Store = node._state,
            Attempts = node._attempts,
            Logger = NullLogger.Instance,
            Addresses = AddressPolicy.AllowAll,
        });
        return node;
    }

    /// <summary>Appends events of 100 bytes, from so many devices in turn, and announces them.</summary>
    public async Task PublishAsync(int events, int devices)
    {
        var payload = new string('x', 100);
        for (var first = 0; first < events; first += BatchRecords * _announced.Length)
        {
            var open = new SortedDictionary<int, OpenBatch>();
            for (var i = first; i < Math.Min(events, first + (BatchRecords * _announced.Length)); i++)
            {
                Append(open, $"devices/d{i % devices}/events/bench", payload);
            }

            var group = open.Select(entry => entry.Value.Seal(entry.Key, _log.CommittedOffset(entry.Key), epoch: 1)).ToArray();
            await _log.AppendAsync(group);
            foreach (var batch in group)
            {
                batch.Release();
            }
        }

        for (var partition = 0; partition < _announced.Length; partition++)
        {
            Volatile.Write(ref _announced[partition], _log.CommittedOffset(partition));
        }

        Interlocked.Exchange(ref _news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public async Task AddAsync(string name, string filter, string settings)
    {
        var result = await Service.AddAsync(
            new IntegrationDefinition("bench", name, IntegrationDefinition.WebhookKind, filter, JsonElement.Parse(settings)), CancellationToken.None);
        if (result.Outcome != IntegrationOutcome.Done)
        {
            throw new InvalidOperationException(result.Detail);
        }
    }

    public long AnnouncedOffset(int partition) => Volatile.Read(ref _announced[partition]);

    public async Task WaitAsync(ReadOnlyMemory<long> positions, CancellationToken cancellationToken)
    {
        while (true)
        {
            var news = _news;
            for (var partition = 0; partition < _announced.Length; partition++)
            {
                if (AnnouncedOffset(partition) > positions.Span[partition])
                {
                    return;
                }
            }

            await news.Task.WaitAsync(cancellationToken);
        }
    }

    public IDisposable Add(string product, string filter) => new MemoryStream();

    public ValueTask<PublishResult> PublishAsync(EventToPublish message, CancellationToken cancellationToken)
        => throw new NotSupportedException("Nothing here answers to devices.");

    public ValueTask<Task<PublishResult>> AppendAsync(EventToPublish message, CancellationToken cancellationToken)
        => throw new NotSupportedException("Nothing here answers to devices.");

    public IReadOnlyList<SessionFact> Of(string product, ReadOnlySpan<byte> topic, int partition, long offset, int limit) => [];

    public ValueTask<ClusterReport> ReportAsync(CancellationToken cancellationToken)
        => ValueTask.FromResult(new ClusterReport("machine", Incarnation, new DurabilityReport("disk", "", []), [], [], []));

    public ValueTask<bool> DrainAsync(string node, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        if (_attempts is not null)
        {
            await _attempts.DisposeAsync();
        }

        await _log.DisposeAsync();
        await _state.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private void Append(SortedDictionary<int, OpenBatch> open, string topic, string payload)
    {
        var bytes = Encoding.UTF8.GetBytes(topic);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var record = new PublishRecord
        {
            Product = "bench"u8,
            Publisher = "bench"u8,
            Topic = bytes,
            Payload = Encoding.UTF8.GetBytes(payload),
            ReceivedAtMilliseconds = now,
            KeyHash = Partitioning.KeyHash("bench"u8, Partitioning.KeyOf(bytes)),
        };
        var partition = Partitioning.PartitionOf(record.KeyHash, _announced.Length);
        open.TryAdd(partition, new OpenBatch());
        record.WriteTo(open[partition].Reserve(record.Size, now));
    }
}
