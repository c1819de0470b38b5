using System.Globalization;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Events;

/// <summary>An event whose payload is the request's body; everything else stands in the query and the headers.</summary>
internal static class RawEvent
{
    private static readonly string[] Parameters = ["topic", "device", "name", "retain", "qos", "expirySeconds"];

    /// <summary>Whether a request has this form: its query says where the event belongs.</summary>
    public static bool Is(HttpRequest request) => request.Query.ContainsKey("topic") || request.Query.ContainsKey("device");

    public static Parsed<EventDraft> Parse(string product, HttpRequest request, ReadOnlyMemory<byte> body, SequenceHeaders headers)
    {
        if (!QueryParameters.Read(request.Query, Parameters).IsValid(out _, out var problem))
        {
            return problem;
        }

        bool? retain = null;
        if (Value(request, "retain") is { } retainText && !TryParseBoolean(retainText, out retain))
        {
            return Problem.Invalid("retain", $"The query parameter 'retain' must be true or false, not '{retainText}'.");
        }

        var qos = 1u;
        if (Value(request, "qos") is { } qosText && (!TryParseNumber(qosText, out qos) || qos > 2))
        {
            return Problem.Invalid("qos", $"The query parameter 'qos' must be 0, 1 or 2, not '{qosText}'.");
        }

        var expiry = 0u;
        var expiryText = Value(request, "expirySeconds");
        if (expiryText is not null && !TryParseNumber(expiryText, out expiry))
        {
            return Problem.Invalid(
                "expirySeconds", $"The query parameter 'expirySeconds' must be a whole number from 0 to {uint.MaxValue}, not '{expiryText}'.");
        }

        return new EventDraft
        {
            Product = product,
            Topic = Value(request, "topic"),
            Device = Value(request, "device"),
            Name = Value(request, "name"),
            Payload = body,
            ContentType = request.ContentType,
            Retain = retain ?? false,
            QualityOfService = (int)qos,
            ExpirySeconds = expiryText is null ? null : expiry,
            Stream = headers.Stream,
            Sequence = headers.Sequence,
        };
    }

    private static string? Value(HttpRequest request, string name) => request.Query.TryGetValue(name, out var values) ? values[0] : null;

    private static bool TryParseBoolean(string text, out bool? value)
    {
        var isValid = bool.TryParse(text, out var parsed);
        value = parsed;
        return isValid;
    }

    private static bool TryParseNumber(string text, out uint value)
        => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
