using System.Threading.Channels;
using Holdfast.Log.State;
using Holdfast.Log.TestKit.State;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>A store in memory that tells a test of every saved cursor.</summary>
internal sealed class TestStore : IIntegrationStore
{
    private readonly MemoryStateStore _store = new();
    private readonly Channel<long[]> _saved = Channel.CreateUnbounded<long[]>();

    public ChannelReader<long[]> SavedCursors => _saved.Reader;

    public ValueTask<IReadOnlyList<StoredIntegration>> LoadAsync(CancellationToken cancellationToken)
        => ((IIntegrationStore)_store).LoadAsync(cancellationToken);

    public ValueTask<bool> AddAsync(StoredIntegration integration) => _store.AddAsync(integration);

    public ValueTask<bool> RemoveAsync(string product, string name) => _store.RemoveAsync(product, name);

    public async ValueTask SaveCursorAsync(string product, string name, long[] cursor)
    {
        await _store.SaveCursorAsync(product, name, cursor);
        _saved.Writer.TryWrite(cursor);
    }

    public async Task<long[]> CursorAsync(string name) => (await LoadAsync(default)).Single(stored => stored.Name == name).Cursor;
}
