using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Webhooks.Sending;

namespace Holdfast.Integrations.Webhooks;

/// <summary>An attempt of a webhook from the request to the last consequence: sent, answered to the device, kept as a dead letter or taken off that list.</summary>
internal sealed class WebhookCarrier(
    WebhookRequests requests, WebhookSender sender, DeviceResponses? responses, DeadLetterList deadLetters, bool replaysDeadLetters, IntegrationLimits limits,
    TimeProvider timeProvider) : IEventCarrier
{
    private readonly int _keptBytes = Math.Max(limits.DeadLetterResponseBytes, responses?.WantedBytes ?? 0);

    public async Task<AttemptOutcome> CarryAsync(OutstandingRequest request, CancellationToken cancellationToken)
    {
        var outcome = await AttemptAsync(request, cancellationToken).ConfigureAwait(false);
        if (responses is not null && await responses.PublishAsync(request, outcome, cancellationToken).ConfigureAwait(false) is { } problem)
        {
            return outcome with { Result = AttemptResult.Failed, Error = problem };
        }

        return outcome.Result switch
        {
            AttemptResult.Refused when request.Events.Count == 1 => await KeepAsync(request.Events[0], outcome).ConfigureAwait(false),
            AttemptResult.Delivered when replaysDeadLetters => await TakeOffAsync(request, outcome).ConfigureAwait(false),
            _ => outcome,
        };
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

    private async Task<AttemptOutcome> KeepAsync(OutstandingEvent refused, AttemptOutcome outcome)
    {
        var kept = outcome.Response is { } response && response.Body.Length > limits.DeadLetterResponseBytes
            ? outcome with { Response = response with { Body = response.Body[..limits.DeadLetterResponseBytes], IsCut = true } }
            : outcome;
        return await deadLetters.SaveAsync(refused, kept, replaysDeadLetters).ConfigureAwait(false) is { } problem
            ? outcome with { Result = AttemptResult.Failed, Error = $"{outcome.Error}; {problem}" }
            : outcome with { Result = AttemptResult.DeadLettered };
    }

    private async Task<AttemptOutcome> TakeOffAsync(OutstandingRequest request, AttemptOutcome outcome)
    {
        await Task.WhenAll(request.Events.Select(one => deadLetters.RemoveAsync(one.Partition, one.Offset).AsTask())).ConfigureAwait(false);
        return outcome;
    }
}
