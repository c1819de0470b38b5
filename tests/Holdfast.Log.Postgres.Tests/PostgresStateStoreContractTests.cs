using Holdfast.Log.Partitions;
using Holdfast.Testing.Postgres;
using Holdfast.Log.TestKit.State;

namespace Holdfast.Log.Postgres.Tests;

public sealed class PostgresSessionStoreTests : SessionStoreContract<PostgresStateStoreHarness>;

public sealed class PostgresCheckpointStoreTests : CheckpointStoreContract<PostgresStateStoreHarness>;

public sealed class PostgresIntegrationStoreTests : IntegrationStoreContract<PostgresStateStoreHarness>;

public sealed class PostgresIdentityStoreTests : IdentityStoreContract<PostgresStateStoreHarness>;

/// <summary>A schema of its own on the shared server.</summary>
public sealed class PostgresStateStoreHarness : IStateStoreHarness
{
    private readonly PostgresOptions _options = SharedServer.NewOptions() with { PartitionCount = Partitioning.DefaultPartitionCount };
    private PostgresStateStore? _store;

    public async ValueTask<StateStores> OpenAsync()
    {
        await DisposeAsync();
        _store = await PostgresStateStore.OpenAsync(_options, TestContext.Current.CancellationToken);
        return new StateStores(_store, _store, _store, _store);
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }
}
