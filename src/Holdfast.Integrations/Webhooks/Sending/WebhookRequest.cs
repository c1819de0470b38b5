namespace Holdfast.Integrations.Webhooks.Sending;

/// <summary>A request as it goes out.</summary>
/// <param name="Method">The method.</param>
/// <param name="Url">The address with the whole query.</param>
/// <param name="Headers">The headers but for those that only the connection knows (Host, Content-Length).</param>
/// <param name="Body">The body; null when the method has none.</param>
internal sealed record WebhookRequest(HttpMethod Method, Uri Url, IReadOnlyList<WebhookHeader> Headers, ReadOnlyMemory<byte>? Body);

/// <summary>A header.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value.</param>
/// <param name="IsSecret">Whether the value must not be shown or given to another receiver.</param>
internal readonly record struct WebhookHeader(string Name, string Value, bool IsSecret = false);
