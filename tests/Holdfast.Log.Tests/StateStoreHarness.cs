using Holdfast.Log.State;
using Holdfast.Log.TestKit.State;

namespace Holdfast.Log.Tests;

/// <summary>A <c>state.db</c> in a directory of its own.</summary>
public sealed class SqliteStateStoreHarness : IStateStoreHarness
{
    private readonly StateDirectory _directory = new();
    private SqliteStateStore? _store;

    public async ValueTask<StateStores> OpenAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        _store = SqliteStateStore.Open(_directory.StatePath);
        return new StateStores(_store, _store, _store, _store);
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        _directory.Dispose();
    }
}

/// <summary>A directory for one test.</summary>
internal sealed class StateDirectory : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("holdfast-state-").FullName;

    public string StatePath => Path.Combine(Root, "state.db");

    /// <summary>Copies the files as they lie there now: what a killed process leaves behind.</summary>
    public StateDirectory CrashImage()
    {
        var image = new StateDirectory();
        foreach (var suffix in new[] { "", "-wal" })
        {
            File.Copy(StatePath + suffix, image.StatePath + suffix);
        }

        return image;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
