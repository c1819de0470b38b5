using System.Net.Http.Headers;
using System.Text.Json;

namespace Holdfast.Api.Tests.Support;

/// <summary>A client of server-sent events that does what the standard says a browser does.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStream(HttpResponseMessage response, StreamReader reader)
    {
        _response = response;
        _reader = reader;
    }

    public int Status => (int)_response.StatusCode;

    public string? ContentType => _response.Content.Headers.ContentType?.ToString();

    /// <summary>What the client would send as Last-Event-ID.</summary>
    public string LastEventId { get; private set; } = "";

    public List<string> Comments { get; } = [];

    public string? Retry { get; private set; }

    public static async Task<EventStream> OpenAsync(HttpClient client, Uri address, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }

        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var stream = new EventStream(response, reader);
        if (response.IsSuccessStatusCode)
        {
            while (stream.LastEventId.Length == 0)
            {
                await stream.ReadLineAsync();
            }
        }

        return stream;
    }

    /// <summary>The next event with data; null at the end of the stream.</summary>
    public async Task<ServerSentEvent?> NextAsync()
    {
        string? data = null;
        var type = "message";
        while (await ReadLineAsync() is { } line)
        {
            if (line.Length == 0 && data is not null)
            {
                return new ServerSentEvent(type, data, LastEventId);
            }

            data = line.StartsWith("data: ", StringComparison.Ordinal) ? data + line[6..] : data;
            type = line.StartsWith("event: ", StringComparison.Ordinal) ? line[7..] : type;
        }

        return null;
    }

    /// <summary>The payloads of the next events.</summary>
    public async Task<List<string>> PayloadsAsync(int count)
    {
        var payloads = new List<string>();
        while (payloads.Count < count && await NextAsync() is { } next)
        {
            payloads.Add(next.Json.GetProperty("payload").GetString()!);
        }

        return payloads;
    }

    public async Task<string?> ReadLineAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Limit);
        var line = await _reader.ReadLineAsync(deadline.Token);
        if (line is null)
        {
            return null;
        }

        LastEventId = line.StartsWith("id: ", StringComparison.Ordinal) ? line[4..] : LastEventId;
        Retry = line.StartsWith("retry: ", StringComparison.Ordinal) ? line[7..] : Retry;
        if (line.StartsWith(':'))
        {
            Comments.Add(line);
        }

        return line;
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _response.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>One event as a browser gives it to a program.</summary>
internal sealed record ServerSentEvent(string Type, string Data, string Id)
{
    public JsonElement Json => JsonElement.Parse(Data);
}
