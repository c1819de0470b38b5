using System.Runtime.CompilerServices;
using Holdfast.Log.State;

namespace Holdfast.Broker.Identities;

/// <summary>The registry of a node that has none: only anonymous clients of the product <c>default</c> exist.</summary>
internal sealed class NoIdentities : IIdentityStore
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredIdentity> LoadChangesAsync(long afterRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        yield break;
    }

    /// <inheritdoc/>
    public ValueTask<bool> SaveAsync(StoredIdentity identity) => ValueTask.FromResult(false);

    /// <inheritdoc/>
    public ValueTask SavePresenceAsync(IReadOnlyList<StoredPresence> changes) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredPresence>> LoadPresenceAsync(string product, IReadOnlyList<string> devices, CancellationToken cancellationToken)
        => ValueTask.FromResult<IReadOnlyList<StoredPresence>>([]);
}
