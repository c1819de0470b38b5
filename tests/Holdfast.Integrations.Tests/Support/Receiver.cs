using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Holdfast.Broker.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>A request as a receiver saw it.</summary>
internal sealed record Received(string Method, string Url, byte[] Bytes, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The body as one event in Holdfast's schema.</summary>
    public EventDocument Event => EventDocument.Parse(Bytes);

    /// <summary>The body as an array of events.</summary>
    public IReadOnlyList<EventDocument> Events
        => [.. JsonElement.Parse(Bytes).EnumerateArray().Select(one => EventDocument.Parse(Encoding.UTF8.GetBytes(one.GetRawText())))];

    public string Body => Encoding.UTF8.GetString(Bytes);

    public string Text => Event.Payload.GetString() ?? "";
}

/// <summary>A webhook receiver on a real socket.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<Received> _received = Channel.CreateUnbounded<Received>();

    private Receiver(WebApplication app) => _app = app;

    /// <summary>Decides the answer to each request; 200 without a body by default.</summary>
    public Func<Received, HttpContext, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public string Url { get; private set; } = "";

    /// <summary>All requests, before they are answered.</summary>
    public ChannelReader<Received> Requests => _received.Reader;

    public static async Task<Receiver> StartAsync(X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        var receiver = new Receiver(builder.Build());
        receiver._app.Run(receiver.ReceiveAsync);
        await receiver._app.StartAsync(Deadline.Token);
        receiver.Url = receiver._app.Urls.Single() + "/hook";
        return receiver;
    }

    public async Task<Received> NextAsync() => await Requests.ReadAsync(Deadline.Token);

    public async Task<IReadOnlyList<Received>> NextAsync(int count)
    {
        var received = new List<Received>();
        while (received.Count < count)
        {
            received.Add(await NextAsync());
        }

        return received;
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var received = new Received(context.Request.Method, context.Request.GetEncodedPathAndQuery(), body.ToArray(), headers);
        _received.Writer.TryWrite(received);
        await Answer(received, context);
    }
}
