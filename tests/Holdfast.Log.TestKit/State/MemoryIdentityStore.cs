using System.Runtime.CompilerServices;
using Holdfast.Log.State;

namespace Holdfast.Log.TestKit.State;

/// <summary>The registry in memory. Several nodes may share it.</summary>
public sealed class MemoryIdentityStore : IIdentityStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(IdentityKind Kind, string Product, string Name), StoredIdentity> _entries = [];
    private readonly Dictionary<(string Product, string Device), StoredPresence> _presence = [];
    private long _revision;

    /// <summary>What was said last of a device; null when nothing was.</summary>
    public StoredPresence? FindPresence(string product, string device)
    {
        lock (_lock)
        {
            return _presence.GetValueOrDefault((product, device));
        }
    }

    public async IAsyncEnumerable<StoredIdentity> LoadChangesAsync(long afterRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<StoredIdentity> changes;
        lock (_lock)
        {
            changes = [.. _entries.Values.Where(one => one.Revision > afterRevision && (afterRevision > 0 || one.Document is not null)).OrderBy(one => one.Revision)];
        }

        await Task.Yield();
        foreach (var change in changes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return change;
        }
    }

    public ValueTask<bool> SaveAsync(StoredIdentity identity)
    {
        lock (_lock)
        {
            var key = (identity.Kind, identity.Product, identity.Name);
            var current = _entries.GetValueOrDefault(key) is { Document: not null } entry ? entry.Revision : 0;
            if (current != identity.Revision)
            {
                return ValueTask.FromResult(false);
            }

            _entries[key] = identity with { Revision = ++_revision };
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask SavePresenceAsync(IReadOnlyList<StoredPresence> changes)
    {
        lock (_lock)
        {
            foreach (var change in changes)
            {
                _presence[(change.Product, change.Device)] = change;
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<StoredPresence>> LoadPresenceAsync(string product, IReadOnlyList<string> devices, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<StoredPresence>>([.. _presence.Values.Where(one => one.Product == product && devices.Contains(one.Device))]);
        }
    }
}
