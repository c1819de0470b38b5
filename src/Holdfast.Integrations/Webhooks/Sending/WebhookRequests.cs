using System.Globalization;
using System.Text;
using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Webhooks.Signing;

namespace Holdfast.Integrations.Webhooks.Sending;

/// <summary>Makes the requests of one webhook.</summary>
internal sealed class WebhookRequests
{
    /// <summary>An event that is older than this when it is sent is late, and its request says by how much.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromSeconds(10);

    private static readonly WebhookHeader UserAgent
        = new("User-Agent", $"Holdfast/{typeof(WebhookRequests).Assembly.GetName().Version?.ToString(3) ?? "0"}");

    private readonly HttpMethod _method;
    private readonly IEventForm _form;
    private readonly WebhookSigner _signer;
    private readonly List<WebhookHeader> _headers = [UserAgent];

    public WebhookRequests(WebhookSettings settings, IEventForm form)
    {
        _form = form;
        _method = new HttpMethod(settings.Method);
        _signer = new WebhookSigner(settings);
        _headers.AddRange(settings.Headers.Select(header => new WebhookHeader(header.Key, header.Value)));
        if (HeaderOf(settings.Auth) is { } auth)
        {
            _headers.Add(auth);
        }

        Url = UrlOf(settings, withSecrets: true);
        ShownUrl = UrlOf(settings, withSecrets: false);
    }

    /// <summary>Where requests go.</summary>
    public Uri Url { get; }

    /// <summary>The same without secrets.</summary>
    public Uri ShownUrl { get; }

    /// <summary>Makes the request of an attempt.</summary>
    /// <param name="sent">The events.</param>
    /// <param name="now">The time of the attempt.</param>
    public WebhookRequest Create(OutstandingRequest sent, DateTimeOffset now)
    {
        var body = _form.Frame(sent.Events);
        var headers = new List<WebhookHeader>(_headers.Count + 6);
        headers.AddRange(_headers);
        headers.Add(new WebhookHeader("Content-Type", sent.Events.Count == 1 ? sent.Events[0].Body.ContentType ?? _form.ContentType : _form.ContentType));
        headers.Add(new WebhookHeader("webhook-id", sent.Id));
        headers.Add(new WebhookHeader("webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
        if (_signer.Sign(sent.Id, now, body.Span) is { } signature)
        {
            headers.Add(new WebhookHeader("webhook-signature", signature));
        }

        if (sent.Failures > 0)
        {
            headers.Add(new WebhookHeader("Holdfast-Attempt", (sent.Failures + 1).ToString(CultureInfo.InvariantCulture)));
        }

        var delay = now - DateTimeOffset.FromUnixTimeMilliseconds(sent.OldestReceivedAtMilliseconds);
        if (sent.Failures > 0 || delay > Late)
        {
            headers.Add(new WebhookHeader("Holdfast-Delay", Math.Max(0, delay.TotalSeconds).ToString("0.000", CultureInfo.InvariantCulture)));
        }

        return new WebhookRequest(_method, Url, headers, body);
    }

    private static WebhookHeader? HeaderOf(WebhookAuth? auth) => auth switch
    {
        { Type: WebhookAuthType.Bearer } => new WebhookHeader("Authorization", $"Bearer {auth.Value}", IsSecret: true),
        { Type: WebhookAuthType.Basic } => new WebhookHeader(
            "Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{auth.Name}:{auth.Value}")), IsSecret: true),
        { Type: WebhookAuthType.Header } => new WebhookHeader(auth.Name, auth.Value, IsSecret: true),
        _ => null,
    };

    private static Uri UrlOf(WebhookSettings settings, bool withSecrets)
    {
        var url = new UriBuilder(settings.Url);
        var query = new StringBuilder(url.Query.TrimStart('?'));
        foreach (var (name, value) in settings.Query)
        {
            Add(query, name, value);
        }

        if (settings.Auth is { Type: WebhookAuthType.Query } auth)
        {
            Add(query, auth.Name, withSecrets ? auth.Value : "***");
        }

        url.Query = query.ToString();
        return url.Uri;
    }

    private static void Add(StringBuilder query, string name, string value)
        => query.Append(query.Length > 0 ? "&" : "").Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
}
