namespace Holdfast.Integrations.Webhooks.Signing;

/// <summary>Signs requests with the secret, and during a rotation with the one before it too.</summary>
internal sealed class WebhookSigner
{
    private readonly WebhookSecret? _secret;
    private readonly WebhookSecret? _previous;
    private readonly DateTimeOffset _previousExpiresAt;

    public WebhookSigner(WebhookSettings settings)
    {
        _secret = Parse(settings.Secret);
        _previous = Parse(settings.PreviousSecret);
        _previousExpiresAt = settings.PreviousSecretExpiresAt ?? DateTimeOffset.MinValue;
    }

    /// <summary>The header <c>webhook-signature</c>; null for a webhook without a secret.</summary>
    public string? Sign(string id, DateTimeOffset now, ReadOnlySpan<byte> body)
    {
        if (_secret is null)
        {
            return null;
        }

        var timestamp = now.ToUnixTimeSeconds();
        var signature = _secret.Sign(id, timestamp, body);
        return _previous is null || now >= _previousExpiresAt ? signature : $"{signature} {_previous.Sign(id, timestamp, body)}";
    }

    private static WebhookSecret? Parse(string? text)
        => text is null ? null : WebhookSecret.TryParse(text, out var secret) ? secret : throw new InvalidDataException("A stored secret is not valid.");
}
