using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Broker.Integrations;

namespace Holdfast.Api.Integrations;

/// <summary>An integration and how far it is, see <see cref="IntegrationStatus"/>. Every field is always present; the settings of its kind stand beside them.</summary>
internal sealed record IntegrationAnswer(
    string Product, string Name, string Kind, string Filter, DateTimeOffset CreatedAt, string State, long Delivered, long DeadLettered, int DeadLetters,
    long FailedAttempts, long Expired, long TrimmedUnread, long DamagedUnread, long Behind, long BehindBytes, DateTimeOffset? OldestWaiting, DateTimeOffset? NextAttemptAt,
    ConnectionAnswer? Connection, string? LastError, DateTimeOffset? LastErrorAt, DateTimeOffset? PreviousSecretExpiresAt)
{
    /// <summary>The fields of an integration with the settings of its kind.</summary>
    /// <param name="status">The integration.</param>
    /// <param name="newSecret">A secret that was made just now and is shown this once; else null.</param>
    public static JsonObject From(IntegrationStatus status, string? newSecret = null)
    {
        var definition = status.Definition;
        var answer = JsonSerializer.SerializeToNode(
            new IntegrationAnswer(
                definition.Product, definition.Name, definition.Kind, definition.Filter, status.CreatedAt, NameOf(status.State),
                status.Delivered, status.DeadLettered, status.DeadLetters, status.FailedAttempts, status.Expired, status.TrimmedUnread, status.DamagedUnread,
                status.Behind, status.BehindBytes, status.OldestWaiting, status.NextAttemptAt, ConnectionAnswer.From(status.Connection), status.LastError, status.LastErrorAt, status.PreviousSecretExpiresAt),
            ApiJson.Readable.IntegrationAnswer)!.AsObject();
        foreach (var setting in definition.Settings.EnumerateObject())
        {
            answer[setting.Name] = JsonNode.Parse(setting.Value.GetRawText());
        }

        if (newSecret is not null)
        {
            answer["secret"] = newSecret;
        }

        return answer;
    }

    private static string NameOf(IntegrationState state) => state switch
    {
        IntegrationState.Idle => "idle",
        IntegrationState.Delivering => "delivering",
        IntegrationState.Retrying => "retrying",
        IntegrationState.Open => "open",
        IntegrationState.Paused => "paused",
        IntegrationState.Completed => "completed",
        _ => "stopped",
    };
}

/// <summary>How a bridge stands with the other broker, see <see cref="IntegrationConnection"/>.</summary>
internal sealed record ConnectionAnswer(bool Connected, DateTimeOffset? Since, long Received, long Refused, long Returned, long Dropped)
{
    public static ConnectionAnswer? From(IntegrationConnection? connection) => connection is null
        ? null
        : new ConnectionAnswer(connection.IsConnected, connection.Since, connection.Received, connection.Refused, connection.Returned, connection.Dropped);
}

/// <summary>A page of dead letters.</summary>
/// <param name="DeadLetters">In the order of their places in the log.</param>
/// <param name="Next">The event after which the next page begins; null on the last page.</param>
internal sealed record DeadLetterPage(IReadOnlyList<DeadLetter> DeadLetters, string? Next);

/// <summary>A test of an integration.</summary>
internal sealed record TestAnswer(TestRequestAnswer Request, TestResponseAnswer? Response)
{
    public static TestAnswer From(DeliveryRequest request, DeliveryAnswer? answer) => new(
        new TestRequestAnswer(
            request.Method, request.Url, request.Headers.ToDictionary(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase), request.Body,
            request.BodyEncoding == Broker.Events.PayloadEncoding.Base64 ? "base64" : "string"),
        answer is null ? null : new TestResponseAnswer(
            answer.Result, answer.Status, answer.Error, answer.Duration.TotalMilliseconds, answer.ContentType, answer.Body));
}

/// <summary>A request as it goes out.</summary>
internal sealed record TestRequestAnswer(string Method, string Url, IReadOnlyDictionary<string, string> Headers, string Body, string BodyEncoding);

/// <summary>What the receiver answered.</summary>
internal sealed record TestResponseAnswer(string Result, int Status, string Error, double Milliseconds, string ContentType, string Body);
