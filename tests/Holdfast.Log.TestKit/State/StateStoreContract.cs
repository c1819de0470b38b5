using Holdfast.Log.Partitions;
using Holdfast.Log.State;

namespace Holdfast.Log.TestKit.State;

/// <summary>What the contract suites share.</summary>
public abstract class StateStoreContract<THarness> : IAsyncLifetime
    where THarness : IStateStoreHarness, new()
{
    private readonly THarness _harness = new();

    protected StateStores Stores { get; private set; } = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Stores = await _harness.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await _harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async ValueTask ReopenAsync() => Stores = await _harness.OpenAsync();

    protected static StoredSession Session(ulong id, string clientId, long epoch = 1, string product = "default") => new()
    {
        Id = id,
        Product = product,
        ClientId = clientId,
        Epoch = epoch,
        ExpirySeconds = uint.MaxValue,
    };

    protected static long[] Offsets(long first)
        => [.. Enumerable.Range(0, Partitioning.DefaultPartitionCount).Select(partition => first * (partition + 1))];

    protected async ValueTask<List<StoredSession>> LoadSessionsAsync() => await Stores.Sessions.LoadAsync(Cancellation).ToListAsync(Cancellation);
}
