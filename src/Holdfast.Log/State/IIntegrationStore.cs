namespace Holdfast.Log.State;

/// <summary>Durable integrations and their cursors. Each call returns after the change is on disk; concurrent calls are committed together.</summary>
public interface IIntegrationStore
{
    /// <summary>All integrations.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<StoredIntegration>> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Adds an integration with its first cursor.</summary>
    /// <param name="integration">The integration.</param>
    /// <returns>False when the product has one of that name already.</returns>
    ValueTask<bool> AddAsync(StoredIntegration integration);

    /// <summary>Removes an integration and its cursor.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <returns>False when there was none.</returns>
    ValueTask<bool> RemoveAsync(string product, string name);

    /// <summary>Saves how far an integration has delivered.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="cursor">One confirmed offset per partition.</param>
    ValueTask SaveCursorAsync(string product, string name, long[] cursor);
}

/// <summary>An integration as it is stored.</summary>
/// <param name="Product">The product.</param>
/// <param name="Name">Unique within the product.</param>
/// <param name="Kind"><c>webhook</c> or <c>bridge</c>.</param>
/// <param name="Filter">The topic filter of what it carries.</param>
/// <param name="Settings">The kind's settings as JSON.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Cursor">One confirmed offset per partition.</param>
public sealed record StoredIntegration(
    string Product, string Name, string Kind, string Filter, string Settings, DateTimeOffset CreatedAt, long[] Cursor);
