using System.Text;
using Holdfast.Broker.Custody;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Reports;
using Holdfast.Integrations.Tests.Support;
using Holdfast.Log.Attempts;
using Holdfast.Log.Attempts.Files;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Integrations.Tests.Custody;

/// <summary>A scene whose integrations keep a journal of attempts on disk.</summary>
internal sealed class CustodyScene : IAsyncDisposable, ISessionPositions, IClusterReporter
{
    private readonly DirectoryInfo _directory;

    private CustodyScene(DirectoryInfo directory, AttemptJournal journal)
    {
        _directory = directory;
        Journal = journal;
    }

    public Scene Scene { get; } = new();

    public AttemptJournal Journal { get; }

    public ICustody Custody => Scene.Service.CustodyWith(this, this);

    public static async Task<CustodyScene> StartAsync(Func<IAttemptStore, IAttemptStore>? around = null)
    {
        var directory = Directory.CreateTempSubdirectory("holdfast-custody-");
        IAttemptStore store = await AttemptFileStore.OpenAsync(directory.FullName, 16, NullLogger.Instance);
        store = around?.Invoke(store) ?? store;
        var custody = new CustodyScene(directory, new AttemptJournal(store, new AttemptJournalOptions { Interval = TimeSpan.FromMilliseconds(1) }));
        await custody.Scene.Service.DisposeAsync();
        custody.Scene.Environment = custody.Scene.Environment with { Attempts = custody.Journal };
        await custody.Scene.RestartAsync();
        return custody;
    }

    /// <summary>Publishes one event of a device with its sequence; 0 for none.</summary>
    /// <returns>The event's id.</returns>
    public async Task<string> PublishAsync(string device, ulong sequence, string payload = "x", string level = "events/x")
    {
        var topic = $"devices/{device}/{level}";
        var key = Partitioning.KeyHash("p"u8, Encoding.UTF8.GetBytes(device));
        var now = Scene.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var record = new PublishRecord
        {
            Product = "p"u8,
            Publisher = "tester"u8,
            Topic = Encoding.UTF8.GetBytes(topic),
            Payload = Encoding.UTF8.GetBytes(payload),
            ReceivedAtMilliseconds = now,
            KeyHash = key,
            QualityOfService = 1,
            Stream = sequence == 0 ? default : "s1"u8,
            Sequence = sequence,
        };
        var partition = Partitioning.PartitionOf(key, Scene.Log.PartitionCount);
        var offset = Scene.Log.CommittedOffset(partition);
        var batch = new OpenBatch();
        record.WriteTo(batch.Reserve(record.Size, now));
        Assert.Equal(AppendStatus.Appended, await Scene.Log.AppendAsync(new[] { batch.Seal(partition, offset, epoch: 7) }));
        Scene.Feed.Announce(partition, offset + 1);
        return EventId.Format(Scene.Log.Incarnations, partition, offset);
    }

    public async Task<EventTrace> TraceAsync(string id)
        => await Custody.TraceAsync("p", id, Deadline.Token) ?? throw new InvalidOperationException($"There is no event {id}.");

    public IReadOnlyList<SessionFact> Of(string product, ReadOnlySpan<byte> topic, int partition, long offset, int limit)
        => [new SessionFact("client", true, 1, offset, false)];

    public ValueTask<ClusterReport> ReportAsync(CancellationToken cancellationToken)
        => ValueTask.FromResult(new ClusterReport("machine", Scene.Log.Incarnation, new DurabilityReport("disk", "On disk.", []), [], [], []));

    public ValueTask<bool> DrainAsync(string node, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    public async ValueTask DisposeAsync()
    {
        await Scene.DisposeAsync();
        await Journal.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
