using Holdfast.Log.State;

namespace Holdfast.Log.TestKit.State;

/// <summary>Makes and reopens the stores that a contract suite judges.</summary>
public interface IStateStoreHarness : IAsyncDisposable
{
    /// <summary>Opens the stores: empty the first time, later (after an orderly close) with what was stored.</summary>
    ValueTask<StateStores> OpenAsync();
}

/// <summary>The four contracts over one store.</summary>
public sealed record StateStores(ISessionStore Sessions, ICheckpointStore Checkpoints, IIntegrationStore Integrations, IIdentityStore Identities);

/// <summary>The stores in memory; they live as long as the harness.</summary>
public sealed class MemoryStateStoreHarness : IStateStoreHarness
{
    private readonly MemoryStateStore _store = new();
    private readonly MemoryIdentityStore _identities = new();

    public ValueTask<StateStores> OpenAsync() => ValueTask.FromResult(new StateStores(_store, _store, _store, _identities));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
