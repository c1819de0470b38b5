using Holdfast.Broker.Reading;
using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Webhooks.Forms;
using Holdfast.Integrations.Webhooks.Sending;

namespace Holdfast.Integrations.Webhooks;

/// <summary>Makes of a webhook's plan what a loop needs.</summary>
internal static class WebhookJobs
{
    public static DeliveryJob Create(IntegrationPlan plan, IntegrationEnvironment environment, DeadLetterList deadLetters)
    {
        var settings = plan.Settings;
        var form = EventForms.Create(settings);
        var responses = settings.Response is { } response
            ? new DeviceResponses(response, plan.Product, plan.Name, environment.Publisher, environment.Logger)
            : null;
        return new DeliveryJob
        {
            Scope = ScopeOf(plan, environment.Log.PartitionCount),
            Form = form,
            Shape = new DeliveryShape(settings.Order, settings.MaxBatch, TimeSpan.FromMilliseconds(settings.MaxBatch > 1 ? settings.MaxWaitMilliseconds : 0)),
            AttemptsInFlight = settings.Concurrency,
            EventsPerSecond = settings.MaxEventsPerSecond,
            ReplayOf = settings.Replay?.Of ?? "",
            Carrier = new WebhookCarrier(
                new WebhookRequests(settings, form),
                new WebhookSender(settings, environment.Addresses, environment.Limits, environment.TimeProvider),
                responses,
                deadLetters,
                settings.Replay is { DeadLetters: true },
                environment.Limits,
                environment.TimeProvider),
        };
    }

    /// <summary>Which events a webhook carries.</summary>
    public static DeliveryScope ScopeOf(IntegrationPlan plan, int partitionCount)
    {
        var replay = plan.Settings.Replay;
        var events = new EventScope(plan.Product, plan.Filter, partitionCount, replay?.Device)
        {
            FromMilliseconds = replay?.From?.ToUnixTimeMilliseconds() ?? long.MinValue,
            ToMilliseconds = replay?.To?.ToUnixTimeMilliseconds() ?? long.MaxValue,
        };
        return new DeliveryScope(events, partitionCount)
        {
            NamePrefix = plan.Settings.EventPrefix,
            WithoutResponses = plan.Settings.Response is not null,
            Ends = replay?.Ends,
            Places = replay?.Places,
        };
    }
}
