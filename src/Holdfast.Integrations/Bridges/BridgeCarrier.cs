using System.Globalization;
using System.Text;
using Holdfast.Integrations.Bridges.Connecting;
using Holdfast.Integrations.Delivery;
using MQTTnet;
using MQTTnet.Packets;

namespace Holdfast.Integrations.Bridges;

/// <summary>
/// Publishes events to the other broker. The messages of a request leave one after the other on one connection without waiting for each other's
/// acknowledgements, so their order holds and a distant broker does not slow them down.
/// </summary>
internal sealed class BridgeCarrier(BridgeLink link, BridgeSettings settings, string via, TimeProvider timeProvider) : IEventCarrier
{
    public bool IsReady => link.Current is not null;

    public async Task<AttemptOutcome> CarryAsync(OutstandingRequest request, CancellationToken cancellationToken)
    {
        if (request.Events.FirstOrDefault(one => one.Body.Problem is not null) is { } unwritable)
        {
            return new AttemptOutcome(AttemptResult.Refused, 0, unwritable.Body.Problem!);
        }

        if (link.Current is not { } connection)
        {
            return AttemptOutcome.Unanswered("not connected");
        }

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(settings.TimeoutSeconds), timeProvider);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken, connection.Token);
        var outcome = await PublishAsync(connection, request, any.Token).ConfigureAwait(false);
        if (timeout.IsCancellationRequested && outcome.Result == AttemptResult.Failed)
        {
            // What is not acknowledged is sent again on the next connection, where it cannot be overtaken.
            var late = string.Create(CultureInfo.InvariantCulture, $"not acknowledged within {settings.TimeoutSeconds} s");
            connection.Abort(late);
            return AttemptOutcome.Unanswered(late);
        }

        return outcome;
    }

    public void Dispose()
    {
        // The link is not the carrier's.
    }

    private async Task<AttemptOutcome> PublishAsync(BridgeConnection connection, OutstandingRequest request, CancellationToken cancellationToken)
    {
        var answers = new List<Task<AttemptOutcome>>(request.Events.Count);
        AttemptOutcome? broken = null;
        try
        {
            foreach (var one in request.Events)
            {
                await connection.WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
                var message = BridgeMessage.Read(one.Body.Bytes);
                answers.Add(connection.PublishAsync(message, published => Complete(published, message, one), cancellationToken));
            }
        }
        catch (OperationCanceledException)
        {
            broken = AttemptOutcome.Unanswered(connection.Ended.IsCompletedSuccessfully ? $"not acknowledged: {connection.Ended.Result}" : "not sent: no room in the window");
        }

        var outcomes = await Task.WhenAll(answers).ConfigureAwait(false);
        return broken
            ?? Array.Find(outcomes, outcome => outcome.Result == AttemptResult.Failed)
            ?? Array.Find(outcomes, outcome => outcome.Result == AttemptResult.Refused)
            ?? outcomes[^1];
    }

    private void Complete(MqttApplicationMessage published, BridgeMessage message, OutstandingEvent one)
    {
        if (!settings.IsVersion5)
        {
            return;
        }

        MessageProperties.Apply(message.Properties.Span, published);
        published.UserProperties.Add(Property(MessageProperties.IdProperty, one.Id));
        published.UserProperties.Add(Property(MessageProperties.ViaProperty, via));
        if (one.ExpiresAtMilliseconds > 0)
        {
            var left = one.ExpiresAtMilliseconds - timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
            published.MessageExpiryInterval = (uint)Math.Clamp((left + 999) / 1000, 1, uint.MaxValue);
        }
    }

    private static MqttUserProperty Property(string name, string value) => new(name, Encoding.UTF8.GetBytes(value).AsMemory());
}
