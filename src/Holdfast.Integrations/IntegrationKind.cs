using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Bridges;
using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Webhooks;

namespace Holdfast.Integrations;

/// <summary>
/// Everything that one kind of integration does in its own way: its settings, and by whom its events are carried. What all kinds have in common (position,
/// order, repetition, dead letters, replays) knows no kind.
/// </summary>
internal abstract class IntegrationKind
{
    private static readonly IntegrationKind[] All = [new WebhookKind(), new BridgeKind()];

    /// <summary>As operators write it.</summary>
    public abstract string Name { get; }

    /// <summary>The kind of a name; null when there is none.</summary>
    public static IntegrationKind? Find(string name) => Array.Find(All, kind => kind.Name == name);

    /// <summary>The names of all kinds, for people.</summary>
    public static string Names => string.Join(" and ", All.Select(kind => $"'{kind.Name}'"));

    /// <summary>Reads the settings that an operator gives.</summary>
    public abstract SettingsResult Read(JsonElement given);

    /// <summary>Changes settings as an operator asks for (RFC 7396).</summary>
    public abstract SettingsResult Change(IntegrationSettings settings, JsonElement patch);

    /// <summary>Reads settings that are stored.</summary>
    /// <exception cref="JsonException">They are not the settings of this kind.</exception>
    public abstract IntegrationSettings Parse(string json);

    /// <summary>The settings as they are stored.</summary>
    public abstract string Format(IntegrationSettings settings);

    /// <summary>The settings without secrets.</summary>
    public abstract JsonElement Show(IntegrationSettings settings);

    /// <summary>What is wrong with settings, with its field; null when nothing is.</summary>
    public abstract (string Field, string Problem)? ProblemOf(IntegrationSettings settings, string filter);

    /// <summary>Whether what matches the filter is carried at all; a bridge may only bring messages in.</summary>
    public abstract bool CarriesEvents(IntegrationSettings settings);

    /// <summary>Adds what Holdfast makes for a new integration.</summary>
    /// <returns>The settings, and the signing secret when one was made.</returns>
    public abstract (IntegrationSettings Settings, string? NewSecret) Complete(IntegrationSettings settings, string product, string name);

    /// <summary>Gives the integration a new signing secret.</summary>
    public abstract SettingsResult Rotate(IntegrationSettings settings, string secret, DateTimeOffset previousExpiresAt);

    /// <summary>Until when the secret before the last rotation is valid; null when there is none.</summary>
    public abstract DateTimeOffset? PreviousSecretExpiresAt(IntegrationSettings settings);

    /// <summary>Which events are carried.</summary>
    public abstract DeliveryScope ScopeOf(IntegrationPlan plan, int partitionCount);

    /// <summary>By whom and in which form events are carried.</summary>
    public abstract IntegrationWork CreateWork(IntegrationPlan plan, IntegrationEnvironment environment, WorkTools tools);

    /// <summary>Makes the request of one event exactly as a delivery would, and sends it if asked to.</summary>
    public abstract ValueTask<DeliveryTestResult> TestAsync(
        IntegrationPlan plan, DeliveryTest test, IntegrationEnvironment environment, CancellationToken cancellationToken);
}

/// <summary>What runs for one integration.</summary>
/// <param name="Job">What its loop does.</param>
/// <param name="Link">The connection that lasts beside the loop; null for a kind that has none.</param>
internal sealed record IntegrationWork(DeliveryJob Job, IRemoteLink? Link);

/// <summary>What a kind may use for the work of one integration.</summary>
/// <param name="DeadLetters">The integration's dead letters.</param>
/// <param name="Metrics">The node's measurements of integrations.</param>
/// <param name="Random">The source of jitter.</param>
internal sealed record WorkTools(DeadLetterList DeadLetters, IntegrationMetrics Metrics, Random Random);

/// <summary>A kind whose settings are of one type.</summary>
/// <typeparam name="T">The settings.</typeparam>
/// <param name="type">How they are written as JSON.</param>
/// <param name="reader">Reads what operators give.</param>
internal abstract class IntegrationKind<T>(JsonTypeInfo<T> type, SettingsReader<T> reader) : IntegrationKind
    where T : IntegrationSettings
{
    /// <inheritdoc/>
    public override SettingsResult Read(JsonElement given) => reader.Read(given);

    /// <inheritdoc/>
    public override SettingsResult Change(IntegrationSettings settings, JsonElement patch) => reader.Change((T)settings, patch);

    /// <inheritdoc/>
    public override IntegrationSettings Parse(string json) => JsonSerializer.Deserialize(json, type) ?? throw new JsonException("The settings are null.");

    /// <inheritdoc/>
    public override string Format(IntegrationSettings settings) => JsonSerializer.Serialize((T)settings, type);

    /// <inheritdoc/>
    public override JsonElement Show(IntegrationSettings settings) => reader.Show((T)settings);
}
