using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Holdfast.Status.Reports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Holdfast.Status.Watching;

/// <summary>
/// Publishes an event over HTTP, and waits for the webhook that it becomes: the watcher is its receiver. The integration is made when it is not there, and removed when the watching ends.
/// </summary>
internal sealed class WebhookProbe : IProbe
{
    private const int MaximumBytes = 64 * 1024;

    private readonly StepRunner _steps;
    private readonly Arrivals _arrivals = new();
    private readonly HttpClient _http;
    private readonly WebApplication _receiver;
    private readonly WatchOptions _options;
    private readonly string _id = $"watch-{Guid.NewGuid().ToString("N")[..12]}";
    private readonly string _name;
    private readonly string _product;
    private bool _isRegistered;
    private long _round;

    public WebhookProbe(WatchTarget target, WatchOptions options, TimeProvider time)
    {
        _options = options;
        _steps = new StepRunner(target.Component, options, time);
        _http = HttpProbe.MakeClient(target, options);
        _product = $"api/v1/products/{Uri.EscapeDataString(options.Product)}";

        // Told by its address, so that a watcher that was killed finds what it has left behind.
        _name = $"watch-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.WebhookUrl!.ToString())))[..8]}";
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.WebhookListener!);
        });
        _receiver = builder.Build();
        _receiver.Run(TakeAsync);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReportedObservation>> RunAsync(CancellationToken cancellationToken)
    {
        string mark = $"{_id}:{++_round}";
        if (!_isRegistered)
        {
            ReportedObservation registered = await _steps.RunAsync("webhook", RegisterAsync, "the integration was not made", cancellationToken).ConfigureAwait(false);
            if (registered.Verdict == "failed")
            {
                return [registered];
            }
        }

        Task arrival = _arrivals.Expect(mark);
        try
        {
            // What was not accepted need not be delivered; the step 'publish' tells it.
            ReportedObservation publish = await _steps.RunAsync("publish", token => HttpProbe.PublishAsync(_http, $"{_product}/events", _id, mark, token), "no answer", cancellationToken).ConfigureAwait(false);
            return publish.Verdict == "failed"
                ? []
                : [await _steps.RunAsync("webhook", arrival.WaitAsync, "accepted, but its webhook does not come", cancellationToken).ConfigureAwait(false)];
        }
        finally
        {
            _arrivals.Forget(mark);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(_options.StepTimeout);
            using HttpResponseMessage response = await _http.DeleteAsync(new Uri($"{_product}/integrations/{_name}", UriKind.Relative), limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            // The cloud is away; the next watcher with this address replaces what is left there.
        }

        await _receiver.DisposeAsync().ConfigureAwait(false);
        _http.Dispose();
    }

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        if (_receiver.Urls.Count == 0)
        {
            await _receiver.StartAsync(cancellationToken).ConfigureAwait(false);
        }

        using (HttpResponseMessage removed = await _http.DeleteAsync(new Uri($"{_product}/integrations/{_name}", UriKind.Relative), cancellationToken).ConfigureAwait(false))
        {
            // Of an earlier run, when there was one.
        }

        string body = JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["name"] = _name,
            ["kind"] = "webhook",
            ["filter"] = $"devices/{_id}/events/#",
            ["url"] = _options.WebhookUrl!.ToString(),
        });
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage made = await _http.PostAsync(new Uri($"{_product}/integrations", UriKind.Relative), content, cancellationToken).ConfigureAwait(false);
        if (!made.IsSuccessStatusCode)
        {
            throw new StepFailedException($"the integration was not made: answered {(int)made.StatusCode}");
        }

        _isRegistered = true;
    }

    private async Task TakeAsync(HttpContext context)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MaximumBytes;
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            if (HttpProbe.Payload(document.RootElement) is { } mark)
            {
                _arrivals.Arrived(mark);
            }

            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (Exception exception) when (exception is JsonException or BadHttpRequestException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
        }
    }
}
