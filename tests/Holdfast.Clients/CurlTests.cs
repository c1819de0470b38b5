using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Holdfast.Clients.Drivers;
using Holdfast.Testing;

namespace Holdfast.Clients;

/// <summary>The event stream as curl reads it: cut off at any event, with the server killed in between, it goes on from its Last-Event-ID without a gap and without a repetition.</summary>
public sealed class CurlTests : IDisposable
{
    private const int Events = 300;

    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _http = new();
    private string _lastEventId = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _http.Dispose();
        _directory.Dispose();
    }

    [Fact(Timeout = 120_000)]
    public async Task Curl_goes_on_from_the_last_event_id_over_kills_of_the_server()
    {
        Components.Require("apt-get install curl", "curl", "--version");
        var cancellationToken = TestContext.Current.CancellationToken;
        var random = new Random(7);
        var arguments = new ServerArguments(_directory.Below("data"));
        var server = await ServerProcess.StartAsync(arguments);
        try
        {
            await PublishAsync(server, 0, Events / 2, cancellationToken);
            var received = new List<int>();
            await ReadAsync(server, received, random.Next(1, Events / 2));

            await server.KillAsync();
            await server.DisposeAsync();
            server = await ServerProcess.StartAsync(arguments);
            await PublishAsync(server, Events / 2, Events, cancellationToken);
            while (received.Count < Events)
            {
                await ReadAsync(server, received, Math.Min(Events, received.Count + random.Next(1, 100)));
            }

            Assert.Equal(Enumerable.Range(0, Events), received.Order());
            Assert.All(received.GroupBy(number => number % 3), device => Assert.Equal(device.Order(), device));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static Uri Address(ServerProcess server) => new($"http://127.0.0.1:{server.HttpPort}/api/v1/products/default/events");

    /// <summary>Publishes numbers, as three devices in turn.</summary>
    private async Task PublishAsync(ServerProcess server, int first, int end, CancellationToken cancellationToken)
    {
        var lines = string.Join('\n', Enumerable.Range(first, end - first).Select(number => $$"""{"device":"d{{number % 3}}","name":"e","payload":{{number}}}"""));
        using var content = new StringContent(lines, Encoding.UTF8, "application/x-ndjson");
        using var answer = await _http.PostAsync(Address(server), content, cancellationToken);
        Assert.Equal(202, (int)answer.StatusCode);
    }

    /// <summary>Runs curl until so many events are there, and kills it.</summary>
    private async Task ReadAsync(ServerProcess server, List<int> received, int count)
    {
        var lines = Channel.CreateUnbounded<string>();
        string[] resume = _lastEventId.Length == 0 ? [] : ["-H", $"Last-Event-ID: {_lastEventId}"];
        await using var curl = new LineProcess("curl", ["-sSN", "-H", "Accept: text/event-stream", .. resume, $"{Address(server)}?from=0"], line => lines.Writer.TryWrite(line));
        var id = "";
        while (received.Count < count)
        {
            var line = await lines.Reader.ReadAsync(Cancellation);
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line["id: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                received.Add(JsonElement.Parse(line["data: ".Length..]).GetProperty("payload").GetInt32());
                _lastEventId = id;
            }
        }
    }
}
