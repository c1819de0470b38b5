using System.Text.Json;

namespace Holdfast.Crash.Clients;

/// <summary>Reads server-sent events as the standard says, and comes back where it was.</summary>
internal sealed class EventStreamReader
{
    private string _lastEventId = "";
    private (int Count, TaskCompletionSource Reached)? _awaited;

    /// <summary>The ids of the events received, in their order, with device and number.</summary>
    public List<(string Id, string Device, int Number)> Received { get; } = [];

    /// <summary>Times that the connection was opened.</summary>
    public int Connections { get; private set; }

    /// <summary>Completes when so many events are there.</summary>
    public Task WhenReceivedAsync(int count)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (Received)
        {
            _awaited = (count, reached);
            Announce();
        }

        return reached.Task;
    }

    /// <summary>Reads until so many events are there, or the connection ends for whatever reason.</summary>
    public async Task ReadAsync(HttpClient http, Uri address, int count, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Accept.ParseAdd("text/event-stream");
            if (_lastEventId.Length > 0)
            {
                request.Headers.TryAddWithoutValidation("Last-Event-ID", _lastEventId);
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            response.EnsureSuccessStatusCode();
            Connections++;
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            await ReadAsync(lines, count, cancellationToken);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            // Killed: whoever calls starts it again.
        }
    }

    private async Task ReadAsync(StreamReader lines, int count, CancellationToken cancellationToken)
    {
        var (id, data, type) = (_lastEventId, "", "message");
        while (Received.Count < count && await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                id = line.StartsWith("id: ", StringComparison.Ordinal) ? line[4..] : id;
                data = line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : data;
                type = line.StartsWith("event: ", StringComparison.Ordinal) ? line[7..] : type;
                continue;
            }

            // Only a whole event counts, and only then does its id.
            _lastEventId = id;
            if (data.Length > 0)
            {
                Assert.Equal("message", type);
                var read = JsonElement.Parse(data);
                lock (Received)
                {
                    Received.Add((read.GetProperty("id").GetString()!, read.GetProperty("device").GetString()!, read.GetProperty("payload").GetInt32()));
                    Announce();
                }
            }

            data = "";
        }
    }

    private void Announce()
    {
        if (_awaited is { } awaited && Received.Count >= awaited.Count)
        {
            awaited.Reached.TrySetResult();
        }
    }
}
