using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Holdfast.Status.Tests.Support;

/// <summary>A request that arrived.</summary>
public sealed record Hook(IReadOnlyDictionary<string, string> Headers, string Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}

/// <summary>A server that takes webhooks, and answers what it is told to.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly Channel<Hook> _hooks = Channel.CreateUnbounded<Hook>();
    private readonly ConcurrentQueue<int> _answers = [];

    private WebhookReceiver()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _host = builder.Build();
        _host.Run(TakeAsync);
    }

    public string Url => $"{_host.Urls.First()}/hook";

    public static async Task<WebhookReceiver> StartAsync()
    {
        var receiver = new WebhookReceiver();
        await receiver._host.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>The next request is answered so; without it 204.</summary>
    public void Answer(int status) => _answers.Enqueue(status);

    public async Task<Hook> NextAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        return await _hooks.Reader.ReadAsync(limit.Token);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync(context.RequestAborted);
        context.Response.StatusCode = _answers.TryDequeue(out int status) ? status : StatusCodes.Status204NoContent;
        _hooks.Writer.TryWrite(new Hook(context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()), body));
    }
}
