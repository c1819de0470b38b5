namespace Holdfast.Log.State;

/// <summary>
/// The registry of products, devices and tokens. It is read as a sequence of changes, each with a revision that is higher than all before it, also in a cluster: whoever has seen a
/// revision has seen everything below it. So a node that asks for what is newer than the last revision it knows misses no revocation.
/// </summary>
public interface IIdentityStore
{
    /// <summary>The last state of every entry that changed after a revision, in the order of the revisions. From 0 on, removed entries are left out.</summary>
    /// <param name="afterRevision">The newest revision that is known, or 0.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<StoredIdentity> LoadChangesAsync(long afterRevision, CancellationToken cancellationToken);

    /// <summary>Adds, changes or removes an entry, if it is still what the caller has seen. Durable when it returns.</summary>
    /// <param name="identity">The entry; its revision is the one that it replaces, 0 for one that does not exist. It gets a new one.</param>
    /// <returns>False when somebody else has added, changed or removed it meanwhile: nothing was changed.</returns>
    ValueTask<bool> SaveAsync(StoredIdentity identity);

    /// <summary>Says which devices have come and gone on this node. A device that has come to another node since is left as it is.</summary>
    /// <param name="changes">Each device once.</param>
    ValueTask SavePresenceAsync(IReadOnlyList<StoredPresence> changes);

    /// <summary>What is known of some devices of a product. A device is only connected while the node is alive that has said so.</summary>
    /// <param name="product">The product.</param>
    /// <param name="devices">The devices; one that was never connected is left out.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<StoredPresence>> LoadPresenceAsync(string product, IReadOnlyList<string> devices, CancellationToken cancellationToken);
}

/// <summary>What an entry of the registry is.</summary>
public enum IdentityKind
{
    /// <summary>A product: the boundary that everything else lies in.</summary>
    Product,

    /// <summary>A device of a product.</summary>
    Device,

    /// <summary>A token of a product, or of all products.</summary>
    Token,
}

/// <summary>An entry of the registry.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Product">The product that it belongs to, or that it is; <c>*</c> for a token of all products.</param>
/// <param name="Name">Its name; empty for a product.</param>
/// <param name="Revision">When it was changed last, in the order of all changes.</param>
/// <param name="Document">What it says, as JSON; null when it was removed.</param>
public sealed record StoredIdentity(IdentityKind Kind, string Product, string Name, long Revision, string? Document);

/// <summary>Whether a device is there.</summary>
/// <param name="Product">Its product.</param>
/// <param name="Device">Its id.</param>
/// <param name="IsConnected">Whether it is connected.</param>
/// <param name="SeenAt">When it was heard of last: while it is connected, when it came.</param>
public sealed record StoredPresence(string Product, string Device, bool IsConnected, DateTimeOffset SeenAt);
