using System.Net.Http.Headers;
using System.Text;
using System.Threading.Channels;
using Holdfast.Device.Outbox;
using Holdfast.Device.Receipts;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>Events wait in the outbox until a webhook has delivered them, over the death of the server.</summary>
public sealed class ReceiptTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Events_leave_the_outbox_when_they_are_delivered_also_when_the_server_dies_before_that()
    {
        using var receiver = new Receiver { StatusOf = _ => 500 };
        var arguments = new ServerArguments(_directory.Below("data")) { MqttPort = FreePorts.Take(), HttpPort = FreePorts.Take() };
        var undelivered = Channel.CreateUnbounded<UndeliveredEvent>();
        await using (var server = await ServerProcess.StartAsync(arguments))
        {
            await AddWebhookAsync(server, receiver.Url);
            await using var device = HoldfastDevice.Start(new DeviceOptions
            {
                DeviceId = "d",
                Endpoints = [new Uri($"mqtt://127.0.0.1:{server.MqttPort}")],
                FirstBackOff = TimeSpan.FromMilliseconds(100),
                LongestBackOff = TimeSpan.FromSeconds(1),
                Receipts = true,
                Undelivered = one => undelivered.Writer.TryWrite(one),
            });
            for (var number = 1; number <= 5; number++)
            {
                await device.PublishAsync(new DeviceEvent("bill", Encoding.ASCII.GetBytes($"{number}")) { Level = EventLevel.DeliveredBy("billing") }).Soon();
            }

            await device.UntilAsync(statistics => statistics.AwaitingDelivery == 5);
            Assert.True(device.CloudGivesReceipts);
            await server.KillAsync();

            receiver.StatusOf = body => body == "2" ? 410 : 200;
            await using var again = await ServerProcess.StartAsync(arguments);
            await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
            Assert.Equal(["1", "3", "4", "5"], receiver.Accepted.Distinct());
            Assert.Equal((2UL, "billing"), await undelivered.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Soon() is var one ? (one.Identity.Sequence, one.Integration) : default);
            Assert.Equal(1, (await device.GetStatisticsAsync()).Undelivered);
        }
    }

    /// <summary>A batch carries what each of its events waits for, and each is told of by its own sequence.</summary>
    [Fact]
    public async Task Events_of_one_batch_get_their_receipts_one_by_one()
    {
        const int Events = 60;
        using var receiver = new Receiver { StatusOf = body => body == "7" ? 410 : 200 };
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        await AddWebhookAsync(server, receiver.Url);
        var undelivered = Channel.CreateUnbounded<UndeliveredEvent>();
        await using var device = HoldfastDevice.Start(new DeviceOptions
        {
            DeviceId = "d",
            Endpoints = [new Uri($"mqtt://127.0.0.1:{server.MqttPort}")],
            Outbox = new OutboxOptions { FlushInterval = TimeSpan.FromMilliseconds(500), FlushBytes = 1 << 20 },
            Receipts = true,
            Undelivered = one => undelivered.Writer.TryWrite(one),
        });
        await Task.WhenAll(Enumerable.Range(1, Events).Select(number => device.PublishAsync(
            new DeviceEvent("bill", Encoding.ASCII.GetBytes($"{number}")) { Level = number % 10 == 0 ? EventLevel.Stored : EventLevel.DeliveredBy("billing") }))).Soon();
        await device.DrainAsync(TestContext.Current.CancellationToken).Soon();

        Assert.Equal(Events, device.Traffic.EventsStored);
        Assert.InRange(device.Traffic.Publishes, 1, Events / 10);
        Assert.True(undelivered.Reader.TryRead(out var failed), "The outbox is empty, and nobody was told of the event that is not delivered.");
        Assert.Equal((7UL, "billing", 0), (failed.Identity.Sequence, failed.Integration, undelivered.Reader.Count));
        var waitedFor = Enumerable.Range(1, Events).Where(number => number != 7 && number % 10 != 0).Select(number => $"{number}");
        Assert.Empty(waitedFor.Except(receiver.Accepted));
    }

    /// <summary>Receipts that a device could not hear are there when it comes back, with a session of its own or without.</summary>
    [Fact]
    public async Task A_device_that_was_away_hears_of_what_was_delivered_meanwhile()
    {
        using var receiver = new Receiver { StatusOf = _ => 500 };
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        await AddWebhookAsync(server, receiver.Url);
        var options = new DeviceOptions
        {
            DeviceId = "d",
            Endpoints = [new Uri($"mqtt://127.0.0.1:{server.MqttPort}")],
            Outbox = new OutboxOptions { Directory = _directory.Below("outbox") },
            Receipts = true,
        };
        await using (var device = HoldfastDevice.Start(options))
        {
            await device.PublishAsync(new DeviceEvent("bill", "1"u8.ToArray()) { Level = EventLevel.Delivered }).Soon();
            await device.UntilAsync(statistics => statistics.AwaitingDelivery == 1);
        }

        receiver.StatusOf = _ => 200;
        using var listening = await StoredReceiptAsync(server);

        await using var back = HoldfastDevice.Start(options);
        Assert.Equal(1, (await back.GetStatisticsAsync()).Waiting);
        await back.DrainAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(["1"], receiver.Accepted);
    }

    private async Task AddWebhookAsync(ServerProcess server, string url)
    {
        using var http = Http(server);
        using var body = new StringContent($$"""{"name":"billing","filter":"devices/+/events/#","url":"{{url}}","body":"raw","deadLetterOn":["410"]}""", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/api/v1/products/default/integrations", body, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Waits for the receipt in the event stream.</summary>
    private async Task<HttpResponseMessage> StoredReceiptAsync(ServerProcess server)
    {
        using var http = Http(server);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/products/default/events?from=0&filter=devices/d/receipts/billing");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Soon() is { } line)
        {
            if (line.Contains("delivered 1", StringComparison.Ordinal))
            {
                return answer;
            }
        }

        throw new InvalidOperationException("The stream ended before the receipt came.");
    }

    private HttpClient Http(ServerProcess server)
    {
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.HttpPort}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(Path.Combine(_directory.Below("data"), "admin-token")).Trim());
        return http;
    }
}
