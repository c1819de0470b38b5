using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Bridges.Connecting;
using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations.Bridges;

/// <summary>Integrations that carry events to another MQTT broker, and its messages here.</summary>
internal sealed class BridgeKind() : IntegrationKind<BridgeSettings>(
    BridgeJson.Default.BridgeSettings,
    new SettingsReader<BridgeSettings>(BridgeJson.Default.BridgeSettings, "retiredFilters") { Hidden = ["password", "retiredFilters", "tls.key"] })
{
    /// <summary>Most messages that are acknowledged, or sent again, together.</summary>
    private const int MaximumBatch = 64;

    private const int RequestsInFlight = 4;

    private const int MaximumRetired = 256;

    public override string Name => IntegrationDefinition.BridgeKind;

    public override (string Field, string Problem)? ProblemOf(IntegrationSettings settings, string filter) => BridgeSettingsCheck.ProblemOf((BridgeSettings)settings, filter);

    public override bool CarriesEvents(IntegrationSettings settings) => ((BridgeSettings)settings).Sends;

    public override SettingsResult Change(IntegrationSettings settings, JsonElement patch)
    {
        var changed = base.Change(settings, patch);
        if (changed.Settings is not BridgeSettings next)
        {
            return changed;
        }

        // The session there has the old subscriptions; they are ended at the next connection.
        var before = (BridgeSettings)settings;
        var filters = next.Inbound.Select(route => route.Filter).ToHashSet();
        var retired = before.RetiredFilters.Concat(before.Inbound.Select(route => route.Filter)).Distinct().Where(filter => !filters.Contains(filter));
        return new SettingsResult(next with { RetiredFilters = [.. retired.TakeLast(MaximumRetired)], ClientId = next.ClientId ?? before.ClientId });
    }

    public override (IntegrationSettings Settings, string? NewSecret) Complete(IntegrationSettings settings, string product, string name)
    {
        // One name for the life of the bridge, wherever it runs: the other broker keeps its session by it.
        var bridge = (BridgeSettings)settings;
        return (bridge with { ClientId = bridge.ClientId ?? $"holdfast-{product}-{name}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}" }, null);
    }

    public override SettingsResult Rotate(IntegrationSettings settings, string secret, DateTimeOffset previousExpiresAt)
        => new(null, "secret", "A bridge signs nothing. Its password is changed with its settings.");

    public override DateTimeOffset? PreviousSecretExpiresAt(IntegrationSettings settings) => null;

    public override DeliveryScope ScopeOf(IntegrationPlan plan, int partitionCount) => plan.CreateScope(partitionCount, withoutOwn: true);

    public override IntegrationWork CreateWork(IntegrationPlan plan, IntegrationEnvironment environment, WorkTools tools)
    {
        var settings = (BridgeSettings)plan.Settings;
        if (!BridgeUrl.TryParse(settings.Url, out var url, out var problem))
        {
            throw new InvalidDataException(problem);
        }

        var wake = new WakeSignal();
        var dialer = new BridgeDialer(url, settings.Tls, environment.Addresses);

        // A replay runs beside the bridge, so it is another client.
        var clientId = settings.Replay is null ? settings.ClientId! : $"{settings.ClientId}-{plan.Name}";
        var link = new BridgeLink(
            plan,
            new BridgeConnector(settings, clientId, dialer, environment.TimeProvider),
            dialer,
            new BridgeInbound(plan, settings, environment, tools.Metrics),
            environment,
            new RetryDelay(environment.Limits.MinimumRetryDelay, environment.Limits.MaximumRetryDelay, tools.Random),
            wake);
        // At QoS 2 the other broker passes a message on at its PUBREL, and those overtake each other: there a device's messages go one by one.
        var inOneGo = settings.Qos == 2 ? 1 : Math.Clamp(settings.MaxInFlight / RequestsInFlight, 1, MaximumBatch);
        var carrier = new BridgeCarrier(link, settings, BridgeInbound.ViaOf(environment, plan.Product), environment.TimeProvider);
        var job = new DeliveryJob
        {
            Scope = ScopeOf(plan, environment.Log.PartitionCount),
            Form = new BridgeForm(settings, plan.Product),
            Shape = new DeliveryShape(DeliveryOrder.Device, inOneGo, TimeSpan.Zero),
            AttemptsInFlight = Math.Max(1, settings.MaxInFlight / inOneGo),
            ReplayOf = settings.Replay?.Of ?? "",
            EventsPerSecond = settings.MaxEventsPerSecond,
            Carrier = new DeadLetteringCarrier(carrier, tools.DeadLetters, settings.Replay is { DeadLetters: true }, environment.Limits),
            Wake = wake,
        };
        return new IntegrationWork(job, link);
    }

    public override ValueTask<DeliveryTestResult> TestAsync(
        IntegrationPlan plan, DeliveryTest test, IntegrationEnvironment environment, CancellationToken cancellationToken)
        => ValueTask.FromResult(new DeliveryTestResult(IntegrationResult.Invalid(
            "kind", string.Create(CultureInfo.InvariantCulture, $"'{plan.Name}' is a bridge: its 'connection' and 'lastError' say how it stands. Only webhooks are tried."))));
}
