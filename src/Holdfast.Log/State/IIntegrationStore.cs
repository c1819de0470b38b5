namespace Holdfast.Log.State;

/// <summary>Durable integrations and their cursors. Each call returns after the change is on disk; concurrent calls are committed together.</summary>
public interface IIntegrationStore
{
    /// <summary>All integrations.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<StoredIntegration>> LoadAsync(CancellationToken cancellationToken);

    /// <summary>One integration, or null.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<StoredIntegration?> FindAsync(string product, string name, CancellationToken cancellationToken);

    /// <summary>Adds an integration with its first cursor.</summary>
    /// <param name="integration">The integration.</param>
    /// <returns>False when the product has one of that name already.</returns>
    ValueTask<bool> AddAsync(StoredIntegration integration);

    /// <summary>Changes the settings of an integration.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="settings">The kind's settings as JSON.</param>
    /// <returns>False when there was none.</returns>
    ValueTask<bool> SaveSettingsAsync(string product, string name, string settings);

    /// <summary>Removes an integration, its cursor and its dead letters.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <returns>False when there was none.</returns>
    ValueTask<bool> RemoveAsync(string product, string name);

    /// <summary>Saves how far an integration has delivered.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="cursor">One confirmed offset per partition.</param>
    ValueTask SaveCursorAsync(string product, string name, long[] cursor);

    /// <summary>Keeps an event that was refused for good; one of the same event is replaced.</summary>
    /// <param name="letter">The event and the refusal.</param>
    /// <returns>False when there is no such integration.</returns>
    ValueTask<bool> SaveDeadLetterAsync(StoredDeadLetter letter);

    /// <summary>Dead letters of an integration, in the order of partition and offset.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="fromPartition">The partition of the first one wanted.</param>
    /// <param name="fromOffset">The offset of the first one wanted.</param>
    /// <param name="limit">The most that are read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<IReadOnlyList<StoredDeadLetter>> LoadDeadLettersAsync(
        string product, string name, int fromPartition, long fromOffset, int limit, CancellationToken cancellationToken);

    /// <summary>How many dead letters an integration has.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    ValueTask<int> CountDeadLettersAsync(string product, string name, CancellationToken cancellationToken);

    /// <summary>Forgets a dead letter.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="partition">The event's partition.</param>
    /// <param name="offset">The event's offset.</param>
    /// <returns>False when there was none.</returns>
    ValueTask<bool> RemoveDeadLetterAsync(string product, string name, int partition, long offset);

    /// <summary>Forgets all dead letters of an integration.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <returns>False when there was none.</returns>
    ValueTask<bool> RemoveDeadLettersAsync(string product, string name);
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

/// <summary>An event that a receiver refused for good. The event itself is in the log as long as retention keeps it.</summary>
/// <param name="Product">The product.</param>
/// <param name="Name">The integration.</param>
/// <param name="Partition">The event's partition.</param>
/// <param name="Offset">The event's offset.</param>
/// <param name="Topic">The event's topic.</param>
/// <param name="ReceivedAt">When the event was received.</param>
/// <param name="RefusedAt">When it was refused.</param>
/// <param name="Status">The receiver's HTTP status; 0 when there was none.</param>
/// <param name="Error">Why, in words.</param>
/// <param name="ContentType">The media type of the receiver's answer; empty when it gave none.</param>
/// <param name="Response">The beginning of the receiver's answer.</param>
public sealed record StoredDeadLetter(
    string Product, string Name, int Partition, long Offset, string Topic, DateTimeOffset ReceivedAt, DateTimeOffset RefusedAt, int Status, string Error,
    string ContentType, ReadOnlyMemory<byte> Response);
