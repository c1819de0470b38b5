namespace Holdfast.Integrations.Delivery;

/// <summary>Keeps what another carrier's receiver has refused for good as a dead letter, and takes a dead letter that was delivered off that list.</summary>
/// <param name="carrier">Makes the attempts.</param>
/// <param name="deadLetters">The list.</param>
/// <param name="replaysDeadLetters">Whether the events are dead letters that are sent again.</param>
/// <param name="limits">How much of an answer is kept.</param>
internal sealed class DeadLetteringCarrier(IEventCarrier carrier, DeadLetterList deadLetters, bool replaysDeadLetters, IntegrationLimits limits) : IEventCarrier
{
    public bool IsReady => carrier.IsReady;

    public async Task<AttemptOutcome> CarryAsync(OutstandingRequest request, CancellationToken cancellationToken)
    {
        var outcome = await carrier.CarryAsync(request, cancellationToken).ConfigureAwait(false);
        return outcome.Result switch
        {
            AttemptResult.Refused when request.Events.Count == 1 => await KeepAsync(request.Events[0], outcome).ConfigureAwait(false),
            AttemptResult.Delivered when replaysDeadLetters => await TakeOffAsync(request, outcome).ConfigureAwait(false),
            _ => outcome,
        };
    }

    public void Dispose() => carrier.Dispose();

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
