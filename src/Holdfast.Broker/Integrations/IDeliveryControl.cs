using System.Text.Json;

namespace Holdfast.Broker.Integrations;

/// <summary>What an operator does about the deliveries of an integration: tries them, looks at what was refused, sends again.</summary>
public interface IDeliveryControl
{
    /// <summary>Makes the request of one event exactly as a delivery would, and sends it unless only the request is wanted. Nothing is recorded of it.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The integration.</param>
    /// <param name="test">Which event.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    ValueTask<DeliveryTestResult> TestAsync(string product, string name, DeliveryTest test, CancellationToken cancellationToken);

    /// <summary>Sends events again, beside what the integration delivers: as a new integration that ends where the log ended when it was made.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The integration.</param>
    /// <param name="request">What to send, and where to.</param>
    /// <param name="cancellationToken">Ends the waiting before the replay is stored, never after.</param>
    ValueTask<IntegrationResult> ReplayAsync(string product, string name, ReplayRequest request, CancellationToken cancellationToken);

    /// <summary>A page of the events that the receiver refused for good, in the order of their places in the log.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The integration.</param>
    /// <param name="after">The id of the last event of the page before; null for the first page.</param>
    /// <param name="limit">The most on the page.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Null when there is no such integration.</returns>
    ValueTask<IReadOnlyList<DeadLetter>?> DeadLettersAsync(string product, string name, string? after, int limit, CancellationToken cancellationToken);

    /// <summary>Forgets dead letters.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The integration.</param>
    /// <param name="eventId">The event; null for all.</param>
    /// <param name="cancellationToken">Ends the waiting before they are removed, never after.</param>
    /// <returns>False when there was none, or no such integration.</returns>
    ValueTask<bool> RemoveDeadLettersAsync(string product, string name, string? eventId, CancellationToken cancellationToken);
}

/// <summary>Which event is tried.</summary>
/// <param name="EventId">An event of the log; null for a made-up one.</param>
/// <param name="DryRun">Whether the request is only shown.</param>
public sealed record DeliveryTest(string? EventId, bool DryRun);

/// <summary>What a test made and met.</summary>
/// <param name="Refusal">Why it could not be made; <see cref="IntegrationOutcome.Done"/> when it could.</param>
public sealed record DeliveryTestResult(IntegrationResult Refusal)
{
    /// <summary>The request, secrets left out.</summary>
    public DeliveryRequest? Request { get; init; }

    /// <summary>What the receiver answered; null for a dry run.</summary>
    public DeliveryAnswer? Answer { get; init; }
}

/// <summary>A request as it goes out.</summary>
/// <param name="Method">The method.</param>
/// <param name="Url">The address.</param>
/// <param name="Headers">The headers, in order.</param>
/// <param name="Body">The body; base64 when it is not text.</param>
/// <param name="BodyEncoding">Whether it is.</param>
public sealed record DeliveryRequest(string Method, string Url, IReadOnlyList<KeyValuePair<string, string>> Headers, string Body, Events.PayloadEncoding BodyEncoding);

/// <summary>A receiver's answer.</summary>
/// <param name="Result">What it means: delivered, failed (would be repeated) or refused (would become a dead letter).</param>
/// <param name="Status">The HTTP status; 0 when there was none.</param>
/// <param name="Error">What went wrong; empty when nothing did.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="ContentType">The media type of the body.</param>
/// <param name="Body">The beginning of the body, as text.</param>
public sealed record DeliveryAnswer(string Result, int Status, string Error, TimeSpan Duration, string ContentType, string Body);

/// <summary>What is sent again.</summary>
public sealed record ReplayRequest
{
    /// <summary>The name of the replay; null to have one made.</summary>
    public string? Name { get; init; }

    /// <summary>Only these events.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>Only dead letters; each leaves the list when it is delivered.</summary>
    public bool DeadLetters { get; init; }

    /// <summary>Only events of this device.</summary>
    public string? Device { get; init; }

    /// <summary>Only events received at or after this time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Only events received before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Where to, when not to the integration's own receiver, and whatever else is to be different: settings as for a change.</summary>
    public JsonElement? Settings { get; init; }
}

/// <summary>An event that a receiver refused for good.</summary>
/// <param name="EventId">The event.</param>
/// <param name="Topic">Its topic.</param>
/// <param name="ReceivedAt">When it was received.</param>
/// <param name="RefusedAt">When it was refused.</param>
/// <param name="Status">The receiver's HTTP status; 0 when the request could not even be made.</param>
/// <param name="Error">Why.</param>
/// <param name="ContentType">The media type of the receiver's answer.</param>
/// <param name="Response">The beginning of the receiver's answer, as text.</param>
public sealed record DeadLetter(
    string EventId, string Topic, DateTimeOffset ReceivedAt, DateTimeOffset RefusedAt, int Status, string Error, string ContentType, string Response);
