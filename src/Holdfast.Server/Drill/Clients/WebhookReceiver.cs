using System.Net;
using System.Text.Json;
using Holdfast.Server.Drill.Judging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Drill.Clients;

/// <summary>An HTTP server that takes every event and writes it down.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    public const string Name = "webhook";

    private readonly WebApplication _server;
    private readonly Journal _journal;

    private WebhookReceiver(WebApplication server, Journal journal)
    {
        _server = server;
        _journal = journal;
    }

    public Deliveries Deliveries { get; } = new();

    public Uri Url => new(_server.Urls.First());

    public static async Task<WebhookReceiver> StartAsync(Journal journal, IPAddress? host = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://{host ?? IPAddress.Loopback}:0");
        var receiver = new WebhookReceiver(builder.Build(), journal);
        receiver._server.Run(receiver.ReceiveAsync);
        await receiver._server.StartAsync();
        return receiver;
    }

    /// <summary>Writes down that the integration is in force.</summary>
    public void WriteSubscribed(string filter) => _journal.Write(new JournalEntry
    {
        T = Journal.Now,
        Client = Name,
        Action = JournalAction.Subscribed,
        Topic = filter,
        Qos = 1,
    });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var message = Message.Read(body.RootElement.GetProperty("payload").GetString()!);
        _journal.Write(new JournalEntry
        {
            T = Journal.Now,
            Client = Name,
            Action = JournalAction.Received,
            Publisher = message.Publisher,
            Sequence = message.Sequence,
            Topic = body.RootElement.GetProperty("topic").GetString(),
            Qos = 1,
            Id = body.RootElement.GetProperty("id").GetString(),
        });
        Deliveries.Add(message);
    }
}
