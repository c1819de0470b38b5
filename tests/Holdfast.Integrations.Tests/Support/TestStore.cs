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

    public ValueTask<StoredIntegration?> FindAsync(string product, string name, CancellationToken cancellationToken) => _store.FindAsync(product, name, cancellationToken);

    public ValueTask<bool> SaveSettingsAsync(string product, string name, string settings) => _store.SaveSettingsAsync(product, name, settings);

    public ValueTask<bool> SaveDeadLetterAsync(StoredDeadLetter letter) => _store.SaveDeadLetterAsync(letter);

    public ValueTask<IReadOnlyList<StoredDeadLetter>> LoadDeadLettersAsync(
        string product, string name, int fromPartition, long fromOffset, int limit, CancellationToken cancellationToken)
        => _store.LoadDeadLettersAsync(product, name, fromPartition, fromOffset, limit, cancellationToken);

    public ValueTask<int> CountDeadLettersAsync(string product, string name, CancellationToken cancellationToken)
        => _store.CountDeadLettersAsync(product, name, cancellationToken);

    public ValueTask<bool> RemoveDeadLetterAsync(string product, string name, int partition, long offset)
        => _store.RemoveDeadLetterAsync(product, name, partition, offset);

    public ValueTask<bool> RemoveDeadLettersAsync(string product, string name) => _store.RemoveDeadLettersAsync(product, name);

    public async ValueTask SaveCursorAsync(string product, string name, long[] cursor)
    {
        await _store.SaveCursorAsync(product, name, cursor);
        _saved.Writer.TryWrite(cursor);
    }

    public async Task<long[]> CursorAsync(string name) => (await LoadAsync(default)).Single(stored => stored.Name == name).Cursor;
}
