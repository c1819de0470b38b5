namespace Holdfast.Broker.Integrations;

/// <summary>Manages integrations while the node runs. Each change is on disk when its call returns.</summary>
public interface IIntegrationRegistry
{
    /// <summary>The integrations of a product, by name.</summary>
    /// <param name="product">The product.</param>
    IReadOnlyList<IntegrationStatus> List(string product);

    /// <summary>One integration, or null.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    IntegrationStatus? Find(string product, string name);

    /// <summary>Adds an integration. It carries every matching event that is announced from now on.</summary>
    /// <param name="definition">The integration.</param>
    /// <param name="cancellationToken">Ends the waiting before the integration is stored, never after.</param>
    ValueTask<AddIntegrationResult> AddAsync(IntegrationDefinition definition, CancellationToken cancellationToken);

    /// <summary>Removes an integration. Attempts in flight are given up; when the call returns none is left.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the waiting before the integration is removed, never after.</param>
    /// <returns>False when there was none.</returns>
    ValueTask<bool> RemoveAsync(string product, string name, CancellationToken cancellationToken);
}

/// <summary>An integration as an operator describes it.</summary>
/// <param name="Product">The product whose events it carries.</param>
/// <param name="Name">Unique within the product, see <see cref="Naming.ResourceName"/>.</param>
/// <param name="Kind">Only <see cref="WebhookKind"/> for now.</param>
/// <param name="Filter">The topic filter of what it carries.</param>
/// <param name="Url">Where a webhook posts to: http or https, absolute.</param>
public sealed record IntegrationDefinition(string Product, string Name, string Kind, string Filter, string Url)
{
    /// <summary>The kind that posts each event to a URL.</summary>
    public const string WebhookKind = "webhook";
}

/// <summary>What became of an addition.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="Integration">The integration, when it was added.</param>
/// <param name="Field">For a refusal: the field of <see cref="IntegrationDefinition"/> that is wrong, in camel case.</param>
/// <param name="Detail">For a refusal: what is wrong and what to do.</param>
public readonly record struct AddIntegrationResult(AddIntegrationStatus Status, IntegrationStatus? Integration, string Field, string Detail);

/// <summary>The outcome of an addition.</summary>
public enum AddIntegrationStatus
{
    /// <summary>Stored and running.</summary>
    Added,

    /// <summary>A field is not valid.</summary>
    Invalid,

    /// <summary>The product has an integration of that name.</summary>
    NameTaken,

    /// <summary>The node shuts down: nothing was stored.</summary>
    ShuttingDown,
}
