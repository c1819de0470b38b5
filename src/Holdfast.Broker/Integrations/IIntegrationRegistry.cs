using System.Text.Json;

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
    ValueTask<IntegrationResult> AddAsync(IntegrationDefinition definition, CancellationToken cancellationToken);

    /// <summary>Changes settings of an integration, which goes on from where it is.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="patch">The settings to change, as a JSON object (RFC 7396): null takes a setting back to its default.</param>
    /// <param name="cancellationToken">Ends the waiting before the change is stored, never after.</param>
    ValueTask<IntegrationResult> ChangeAsync(string product, string name, JsonElement patch, CancellationToken cancellationToken);

    /// <summary>Gives an integration a new signing secret; the one it had stays valid beside it for a while.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="secret">The new secret; null to have one made.</param>
    /// <param name="overlap">How long both sign.</param>
    /// <param name="cancellationToken">Ends the waiting before the change is stored, never after.</param>
    ValueTask<IntegrationResult> RotateSecretAsync(string product, string name, string? secret, TimeSpan overlap, CancellationToken cancellationToken);

    /// <summary>Removes an integration with its dead letters. Attempts in flight are given up; when the call returns none is left.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the waiting before the integration is removed, never after.</param>
    /// <returns>False when there was none.</returns>
    ValueTask<bool> RemoveAsync(string product, string name, CancellationToken cancellationToken);
}

/// <summary>An integration as an operator describes it.</summary>
/// <param name="Product">The product whose events it carries.</param>
/// <param name="Name">Unique within the product, see <see cref="Naming.ResourceName"/>.</param>
/// <param name="Kind"><see cref="WebhookKind"/> or <see cref="BridgeKind"/>.</param>
/// <param name="Filter">The topic filter of what it carries.</param>
/// <param name="Settings">What its kind needs besides, as a JSON object. In a status it holds no secrets.</param>
public sealed record IntegrationDefinition(string Product, string Name, string Kind, string Filter, JsonElement Settings)
{
    /// <summary>The kind that sends events to a URL.</summary>
    public const string WebhookKind = "webhook";

    /// <summary>The kind that carries events to another MQTT broker, and its messages here.</summary>
    public const string BridgeKind = "bridge";
}

/// <summary>What became of a change.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Integration">The integration after the change, when it was made.</param>
/// <param name="Field">For a refusal: the field that is wrong, in camel case.</param>
/// <param name="Detail">For a refusal: what is wrong and what to do.</param>
public readonly record struct IntegrationResult(IntegrationOutcome Outcome, IntegrationStatus? Integration, string Field, string Detail)
{
    /// <summary>A signing secret that was made by this change; it is shown this once.</summary>
    public string? NewSecret { get; init; }

    /// <summary>A change that was made.</summary>
    /// <param name="integration">The integration after it.</param>
    public static IntegrationResult Done(IntegrationStatus integration) => new(IntegrationOutcome.Done, integration, "", "");

    /// <summary>A field that is not valid.</summary>
    /// <param name="field">The field, in camel case.</param>
    /// <param name="detail">What is wrong and what to do.</param>
    public static IntegrationResult Invalid(string field, string detail) => new(IntegrationOutcome.Invalid, null, field, detail);

    /// <summary>There is no such integration.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    public static IntegrationResult NotFound(string product, string name)
        => new(IntegrationOutcome.NotFound, null, "", $"The product '{product}' has no integration '{name}'.");
}

/// <summary>The outcome of a change.</summary>
public enum IntegrationOutcome
{
    /// <summary>Stored and in force.</summary>
    Done,

    /// <summary>A field is not valid.</summary>
    Invalid,

    /// <summary>The product has an integration of that name.</summary>
    NameTaken,

    /// <summary>The product has no integration of that name.</summary>
    NotFound,

    /// <summary>The node shuts down: nothing was stored.</summary>
    ShuttingDown,
}
