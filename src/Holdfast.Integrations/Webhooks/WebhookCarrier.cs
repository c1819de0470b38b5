using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Webhooks.Sending;

namespace Holdfast.Integrations.Webhooks;

/// <summary>An attempt of a webhook: sent, and answered to the device.</summary>
internal sealed class WebhookCarrier(
    WebhookRequests requests, WebhookSender sender, DeviceResponses? responses, IntegrationLimits limits, TimeProvider timeProvider) : IEventCarrier
{
    private readonly int _keptBytes = Math.Max(limits.DeadLetterResponseBytes, responses?.WantedBytes ?? 0);

    public async Task<AttemptOutcome> CarryAsync(OutstandingRequest request, CancellationToken cancellationToken)
    {
        var outcome = await AttemptAsync(request, cancellationToken).ConfigureAwait(false);
        return responses is not null && await responses.PublishAsync(request, outcome, cancellationToken).ConfigureAwait(false) is { } problem
            ? outcome with { Result = AttemptResult.Failed, Error = problem }
            : outcome;
    }

    public void Dispose() => sender.Dispose();

    private async Task<AttemptOutcome> AttemptAsync(OutstandingRequest request, CancellationToken cancellationToken)
    {
        if (request.Events[0].Body.Problem is { } unwritable)
        {
            return new AttemptOutcome(AttemptResult.Refused, 0, unwritable);
        }

        return await sender.SendAsync(requests.Create(request, timeProvider.GetUtcNow()), _keptBytes, responses is not null, cancellationToken).ConfigureAwait(false);
    }
}
