using System.Globalization;
using System.Net.Http.Headers;
using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations.Webhooks;

/// <summary>
/// Posts events to one receiver. Each integration has its own connections, so that one receiver cannot use up another's. Redirects
/// are not followed: they would turn a POST into a GET, or carry events to a place that no operator chose.
/// </summary>
internal sealed class WebhookSender : IEventSender
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly ProductInfoHeaderValue UserAgent
        = new("Holdfast", typeof(WebhookSender).Assembly.GetName().Version?.ToString(3) ?? "0");

    private readonly Uri _url;
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _timeout;
    private readonly HttpClient _client;

    public WebhookSender(Uri url, IntegrationLimits limits, TimeProvider timeProvider)
    {
        _url = url;
        _timeProvider = timeProvider;
        _timeout = limits.AttemptTimeout;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !url.IsLoopback,
            ConnectTimeout = limits.AttemptTimeout, // Or connecting would go on behind an attempt that has ended, and hold its place.
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = limits.AttemptsInFlight,
            MaxResponseDrainSize = limits.ResponseBytes,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // The receiver's address may change.
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan }; // The attempt has a time-out of its own.
    }

    public async Task<string?> SendAsync(OutstandingEvent sent, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_timeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var request = CreateRequest(sent);
            using var response = await SendOnPoolAsync(request, either.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? null : ErrorOf(response);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return $"no answer from {_url.Authority} within {_timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s";
        }
        catch (OperationCanceledException)
        {
            return "the node ended the attempt";
        }
        catch (HttpRequestException exception)
        {
            return $"{exception.Message} [{exception.HttpRequestError}]";
        }
        catch (IOException exception)
        {
            return exception.Message;
        }
    }

    public void Dispose() => _client.Dispose();

    private static string ErrorOf(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var hint = status is >= 300 and < 400 ? "; redirects are not followed: register the final URL" : "";
        return string.Create(CultureInfo.InvariantCulture, $"HTTP {status} {response.ReasonPhrase}{hint}");
    }

    private HttpRequestMessage CreateRequest(OutstandingEvent sent)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ReadOnlyMemoryContent(sent.Body) };
        request.Content.Headers.ContentType = Json;
        request.Headers.UserAgent.Add(UserAgent);
        request.Headers.TryAddWithoutValidation("webhook-id", sent.Id);
        request.Headers.TryAddWithoutValidation(
            "webhook-timestamp", _timeProvider.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        return request;
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
