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

    private readonly Journal _journal;
    private WebApplication _server = null!;

    private WebhookReceiver(Journal journal) => _journal = journal;

    public Deliveries Deliveries { get; } = new();

    public Uri Url => new(_server.Urls.First());

    public static async Task<WebhookReceiver> StartAsync(Journal journal, IPAddress? host = null)
    {
        var receiver = new WebhookReceiver(journal);
        await receiver.ListenAsync($"http://{host ?? IPAddress.Loopback}:0");
        return receiver;
    }

    /// <summary>
    /// Ends as a killed process does, towards others: every connection breaks off, whatever was received and not answered, and nobody listens. Then it begins
    /// anew at the same address. What it has written down stays.
    /// </summary>
    public async Task KillAndRestartAsync()
    {
        var address = _server.Urls.First();
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _server.StopAsync(atOnce.Token);
        await _server.DisposeAsync();
        await ListenAsync(address);
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

    private async Task ListenAsync(string address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        _server = builder.Build();
        _server.Run(ReceiveAsync);
        await _server.StartAsync();
    }

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
