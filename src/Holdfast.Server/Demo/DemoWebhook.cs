using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Holdfast.Server.Demo;

/// <summary>A receiver of webhooks on a free port of this machine. It answers 204 once it has counted the event.</summary>
internal sealed class DemoWebhook : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly DemoTally _tally;
    private readonly DemoJournal _journal;

    private DemoWebhook(WebApplication application, DemoTally tally, DemoJournal journal)
    {
        _application = application;
        _tally = tally;
        _journal = journal;
        application.MapPost("/events", ReceiveAsync);
    }

    /// <summary>Where to post.</summary>
    public Uri Url => new(new Uri(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()), "/events");

    /// <summary>Starts a receiver.</summary>
    /// <param name="tally">Where it counts.</param>
    /// <param name="journal">Where it writes what it receives.</param>
    public static async Task<DemoWebhook> StartAsync(DemoTally tally, DemoJournal journal)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var webhook = new DemoWebhook(builder.Build(), tally, journal);
        await webhook._application.StartAsync();
        return webhook;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _journal.Dispose();
    }

    private async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        using JsonDocument body = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
        JsonElement received = body.RootElement;
        string? eventId = Text(received, "id") ?? request.Headers["webhook-id"];
        EventKey? key = Text(received, "stream") is { } stream && TryReadSequence(received, out ulong sequence) ? new EventKey(stream, sequence) : null;
        _journal.Write("received", key, Text(received, "topic"), eventId: eventId);
        _tally.Delivered(Sink.Webhook, key, eventId);
        return Results.NoContent();
    }

    private static bool TryReadSequence(JsonElement received, out ulong sequence)
    {
        sequence = 0;
        return received.TryGetProperty("sequence", out JsonElement value)
            && (value.ValueKind == JsonValueKind.Number ? value.TryGetUInt64(out sequence) : ulong.TryParse(value.ToString(), out sequence));
    }

    private static string? Text(JsonElement json, string name)
        => json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
