using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Network;

namespace Holdfast.Integrations.Webhooks.Sending;

/// <summary>
/// Sends requests to one receiver. Each integration has its own connections, so that one receiver cannot use up another's. No proxy is used: it would
/// resolve names where the address policy does not see it.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    private const int MaximumRedirects = 3;

    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _maximumRetryAfter;
    private readonly bool _followRedirects;
    private readonly StatusRule _refusals;
    private readonly HttpClient _client;

    public WebhookSender(WebhookSettings settings, AddressPolicy addresses, IntegrationLimits limits, TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        _timeout = TimeSpan.FromSeconds(settings.TimeoutSeconds);
        _maximumRetryAfter = limits.MaximumRetryAfter;
        _followRedirects = settings.FollowRedirects;
        _refusals = new StatusRule(settings.DeadLetterOn);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = new GuardedConnector(addresses).ConnectAsync,
            ConnectTimeout = _timeout, // Or connecting would go on behind an attempt that has ended, and hold its place.
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = settings.Concurrency,
            MaxResponseDrainSize = limits.ResponseBytes,
            MaxResponseHeadersLength = 64,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // The receiver's address may change.
            SslOptions = settings.Tls is { } tls ? new CertificateJudge(tls.Ca, tls.Pins).Options() : new SslClientAuthenticationOptions(),
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan }; // The attempt has a time-out of its own.
    }

    /// <summary>Makes one attempt.</summary>
    /// <param name="request">The request.</param>
    /// <param name="keptBytes">How much of the answer's body is kept, in bytes.</param>
    /// <param name="keepsAll">Whether it is kept of every answer, not only of one that refuses for good.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<AttemptOutcome> SendAsync(WebhookRequest request, int keptBytes, bool keepsAll, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_timeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await SendAsync(request, either.Token).ConfigureAwait(false);
            var outcome = Judge(response);
            return outcome.Result != AttemptResult.Refused && !keepsAll
                ? outcome
                : outcome with { Response = await KeepAsync(response, keptBytes, either.Token).ConfigureAwait(false) };
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return AttemptOutcome.Unanswered($"no answer from {request.Url.Authority} within {_timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s");
        }
        catch (OperationCanceledException)
        {
            return AttemptOutcome.Unanswered("the node ended the attempt");
        }
        catch (HttpRequestException exception)
        {
            return AttemptOutcome.Unanswered(Explain(exception));
        }
        catch (IOException exception)
        {
            return AttemptOutcome.Unanswered(exception.Message);
        }
    }

    public void Dispose() => _client.Dispose();

    private static string Explain(HttpRequestException exception) => exception.InnerException switch
    {
        AddressRefusedException refused => refused.Message,
        AuthenticationException untrusted => $"{exception.Message} {untrusted.Message} [{exception.HttpRequestError}]",
        _ => $"{exception.Message} [{exception.HttpRequestError}]",
    };

    private static HttpRequestMessage Message(WebhookRequest request, Uri url)
    {
        var message = new HttpRequestMessage(request.Method, url);
        if (request.Body is { } body)
        {
            message.Content = new ReadOnlyMemoryContent(body);
        }

        var isElsewhere = url.Authority != request.Url.Authority || url.Scheme != request.Url.Scheme;
        foreach (var header in request.Headers)
        {
            if (header.IsSecret && isElsewhere)
            {
                continue;
            }

            if (!message.Headers.TryAddWithoutValidation(header.Name, header.Value))
            {
                message.Content?.Headers.TryAddWithoutValidation(header.Name, header.Value);
            }
        }

        return message;
    }

    /// <summary>Reads the beginning of an answer's body; what happens to the rest does not change the answer.</summary>
    private static async Task<KeptResponse> KeepAsync(HttpResponseMessage response, int most, CancellationToken cancellationToken)
    {
        var buffer = new byte[Math.Min(most, 8 * 1024) + 1];
        var length = 0;
        var isCut = false;
        try
        {
            using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            while (length <= most)
            {
                if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, Math.Min(most + 1, 2 * buffer.Length));
                }

                var read = await body.ReadAsync(buffer.AsMemory(length), cancellationToken).AsTask().ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                if (read == 0)
                {
                    break;
                }

                length += read;
            }

            isCut = length > most;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            isCut = true;
        }

        return new KeptResponse(response.Content.Headers.ContentType?.ToString() ?? "", buffer[..Math.Min(length, most)], isCut);
    }

    private AttemptOutcome Judge(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        if (response.IsSuccessStatusCode)
        {
            return new AttemptOutcome(AttemptResult.Delivered, status, "");
        }

        var hint = status is >= 300 and < 400
            ? _followRedirects ? "; only redirects 307 and 308 are followed, at most 3, never from https to http" : "; redirects are not followed: register the final URL"
            : "";
        var error = string.Create(CultureInfo.InvariantCulture, $"HTTP {status} {response.ReasonPhrase}{hint}");
        return new AttemptOutcome(_refusals.Includes(status) ? AttemptResult.Refused : AttemptResult.Failed, status, error) { RetryAfter = RetryAfter(response) };
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - _timeProvider.GetUtcNow(),
            _ => TimeSpan.Zero,
        };
        return asked <= TimeSpan.Zero ? null : asked < _maximumRetryAfter ? asked : _maximumRetryAfter;
    }

    private async Task<HttpResponseMessage> SendAsync(WebhookRequest request, CancellationToken cancellationToken)
    {
        var url = request.Url;
        for (var redirects = 0; ; redirects++)
        {
            using var message = Message(request, url);
            var response = await SendOnPoolAsync(message, cancellationToken).ConfigureAwait(false);
            if (!_followRedirects || redirects == MaximumRedirects || Redirection(response, url) is not { } next)
            {
                return response;
            }

            response.Dispose();
            url = next;
        }
    }

    private static Uri? Redirection(HttpResponseMessage response, Uri from)
    {
        if ((int)response.StatusCode is not (307 or 308) || response.Headers.Location is not { } location || !Uri.TryCreate(from, location, out var to))
        {
            return null;
        }

        return to.UserInfo.Length == 0 && (to.Scheme == Uri.UriSchemeHttps || (to.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp)) ? to : null;
    }

    /// <summary>
    /// Sockets complete inline in this process, so the answer arrives on a thread that serves devices. Nothing but the hop to the pool
    /// may run there.
    /// </summary>
    private async Task<HttpResponseMessage> SendOnPoolAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var sending = _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Yield();
        return await sending.ConfigureAwait(false);
    }
}
