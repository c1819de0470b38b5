using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Webhooks.Forms;
using Holdfast.Integrations.Webhooks.Sending;
using Holdfast.Integrations.Webhooks.Signing;

namespace Holdfast.Integrations.Webhooks;

/// <summary>Integrations that send events to a URL.</summary>
internal sealed class WebhookKind() : IntegrationKind<WebhookSettings>(
    WebhookJson.Default.WebhookSettings,
    new SettingsReader<WebhookSettings>(WebhookJson.Default.WebhookSettings, "previousSecret", "previousSecretExpiresAt")
    {
        Hidden = ["secret", "previousSecret", "previousSecretExpiresAt", "auth.value"],
        Fixed = ("secret", "The secret is changed by a rotation, which keeps the old one valid for a while."),
    })
{
    public override string Name => IntegrationDefinition.WebhookKind;

    public override (string Field, string Problem)? ProblemOf(IntegrationSettings settings, string filter) => WebhookSettingsCheck.ProblemOf((WebhookSettings)settings);

    public override bool CarriesEvents(IntegrationSettings settings) => true;

    public override (IntegrationSettings Settings, string? NewSecret) Complete(IntegrationSettings settings, string product, string name)
    {
        var webhook = (WebhookSettings)settings;
        if (webhook.Secret is not null)
        {
            return (webhook, null);
        }

        var made = WebhookSecret.New();
        return (webhook with { Secret = made }, made);
    }

    public override SettingsResult Rotate(IntegrationSettings settings, string secret, DateTimeOffset previousExpiresAt)
    {
        var webhook = (WebhookSettings)settings;
        return new SettingsResult(webhook with
        {
            Secret = secret,
            PreviousSecret = webhook.Secret,
            PreviousSecretExpiresAt = webhook.Secret is null ? null : previousExpiresAt,
        });
    }

    public override DateTimeOffset? PreviousSecretExpiresAt(IntegrationSettings settings) => ((WebhookSettings)settings).PreviousSecretExpiresAt;

    public override DeliveryScope ScopeOf(IntegrationPlan plan, int partitionCount)
        => plan.CreateScope(partitionCount, withoutResponses: ((WebhookSettings)plan.Settings).Response is not null);

    public override IntegrationWork CreateWork(IntegrationPlan plan, IntegrationEnvironment environment, WorkTools tools)
    {
        var settings = (WebhookSettings)plan.Settings;
        var form = EventForms.Create(settings);
        var responses = settings.Response is { } response
            ? new DeviceResponses(response, plan.Product, plan.Name, environment.Publisher, environment.Logger)
            : null;
        var carrier = new WebhookCarrier(
            new WebhookRequests(settings, form),
            new WebhookSender(settings, environment.Addresses, environment.Limits, environment.TimeProvider),
            responses,
            environment.Limits,
            environment.TimeProvider);
        var job = new DeliveryJob
        {
            Scope = ScopeOf(plan, environment.Log.PartitionCount),
            Form = form,
            Shape = new DeliveryShape(settings.Order, settings.MaxBatch, TimeSpan.FromMilliseconds(settings.MaxBatch > 1 ? settings.MaxWaitMilliseconds : 0)),
            AttemptsInFlight = settings.Concurrency,
            ReplayOf = settings.Replay?.Of ?? "",
            EventsPerSecond = settings.MaxEventsPerSecond,
            Carrier = new DeadLetteringCarrier(carrier, tools.DeadLetters, settings.Replay is { DeadLetters: true }, environment.Limits),
        };
        return new IntegrationWork(job, Link: null);
    }

    public override async ValueTask<DeliveryTestResult> TestAsync(
        IntegrationPlan plan, DeliveryTest test, IntegrationEnvironment environment, CancellationToken cancellationToken)
        => await new WebhookTester(environment).TestAsync(plan, (WebhookSettings)plan.Settings, test, cancellationToken).ConfigureAwait(false);
}
