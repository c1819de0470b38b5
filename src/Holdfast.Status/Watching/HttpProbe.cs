using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Holdfast.Status.Reports;

namespace Holdfast.Status.Watching;

/// <summary>A synthetic device that publishes over HTTP, and its back end that holds an event stream open.</summary>
internal sealed class HttpProbe : IProbe
{
    private const string Data = "data: ";

    private static readonly TimeSpan HalfASecond = TimeSpan.FromMilliseconds(500);

    private readonly WatchOptions _options;
    private readonly TimeProvider _time;
    private readonly StepRunner _steps;
    private readonly Arrivals _arrivals = new();
    private readonly HttpClient _http;
    private readonly string _id = $"watch-{Guid.NewGuid().ToString("N")[..12]}";
    private readonly string _events;
    private readonly CancellationTokenSource _ending = new();
    private Task _reading = Task.CompletedTask;
    private bool _isStreaming;
    private DateTimeOffset? _cloudTime;
    private long _round;

    public HttpProbe(WatchTarget target, WatchOptions options, TimeProvider time)
    {
        _steps = new StepRunner(target.Component, options, time);
        _options = options;
        _time = time;
        _http = MakeClient(target, options);
        _events = $"api/v1/products/{Uri.EscapeDataString(options.Product)}/events";
    }

    /// <summary>Makes a client of the target's API.</summary>
    public static HttpClient MakeClient(WatchTarget target, WatchOptions options)
    {
        var http = new HttpClient
        {
            BaseAddress = new Uri(target.Address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.Authorization = options.TargetToken is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        return http;
    }

    /// <summary>Publishes an event.</summary>
    /// <returns>What the clock of the cloud says, if it says.</returns>
    public static async Task<DateTimeOffset?> PublishAsync(HttpClient http, string events, string device, string mark, CancellationToken cancellationToken)
    {
        using var content = new StringContent(
            JsonSerializer.Serialize(new Dictionary<string, string> { ["device"] = device, ["name"] = "watch", ["payload"] = mark }), Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.PostAsync(new Uri(events, UriKind.Relative), content, cancellationToken).ConfigureAwait(false);
        Check(response);
        return response.Headers.Date;
    }

    /// <summary>The text that is an event's payload, or null.</summary>
    public static string? Payload(JsonElement json)
        => json.ValueKind == JsonValueKind.Object && json.TryGetProperty("payload", out JsonElement payload) && payload.ValueKind == JsonValueKind.String ? payload.GetString() : null;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReportedObservation>> RunAsync(CancellationToken cancellationToken)
    {
        string mark = $"{_id}:{++_round}";
        ReportedObservation? opened = _isStreaming && !_reading.IsCompleted
            ? null
            : await _steps.RunAsync("stream", OpenAsync, "no answer", cancellationToken).ConfigureAwait(false);
        Task arrival = _arrivals.Expect(mark);
        try
        {
            Task<ReportedObservation> stream = opened?.Verdict == "failed"
                ? Task.FromResult(opened)
                : _steps.RunAsync("stream", arrival.WaitAsync, "accepted, but not delivered", cancellationToken);
            ReportedObservation publish = await _steps.RunAsync("publish", token => PublishAsync(mark, token), "no answer", cancellationToken).ConfigureAwait(false);
            ReportedObservation delivered = await stream.ConfigureAwait(false);

            // What was not accepted need not be delivered.
            if (publish.Verdict == "failed")
            {
                return opened?.Verdict == "failed" ? [publish, delivered] : [publish];
            }

            return _cloudTime is null ? [publish, delivered]
                : [publish, delivered, await _steps.RunAsync("clock", _ => CompareClocksAsync(), "", cancellationToken).ConfigureAwait(false)];
        }
        finally
        {
            _arrivals.Forget(mark);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        _http.Dispose();
        _ending.Dispose();
    }

    private async Task PublishAsync(string mark, CancellationToken cancellationToken)
        => _cloudTime = await PublishAsync(_http, _events, _id, mark, cancellationToken).ConfigureAwait(false) is { } date ? date + HalfASecond : null;

    // The header tells whole seconds, so half of one is the best guess at what is left out.
    private Task CompareClocksAsync()
    {
        TimeSpan ahead = _cloudTime!.Value - _time.GetUtcNow();
        return ahead.Duration() <= _options.ClockTolerance
            ? Task.CompletedTask
            : throw new StepLateException($"the clocks of the cloud and of the watcher are {Words.Duration(ahead.Duration())} apart");
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_events}?device={_id}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        try
        {
            Check(response);
            _reading = ReadAsync(response);
            _isStreaming = true;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private static void Check(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new StepFailedException($"answered {(int)response.StatusCode}");
        }
    }

    // Ends with the stream; the next round opens another.
    private async Task ReadAsync(HttpResponseMessage response)
    {
        try
        {
            using (response)
            {
                using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(_ending.Token).ConfigureAwait(false));
                while (await lines.ReadLineAsync(_ending.Token).ConfigureAwait(false) is { } line)
                {
                    if (line.StartsWith(Data, StringComparison.Ordinal) && Parse(line[Data.Length..]) is { } mark)
                    {
                        _arrivals.Arrived(mark);
                    }
                }
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // The stream is over; whoever waits for an event of it finds that out by its time-out.
        }
    }

    private static string? Parse(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return Payload(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
