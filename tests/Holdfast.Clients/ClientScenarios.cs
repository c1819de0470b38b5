using System.Globalization;
using System.Text;
using Holdfast.Clients.Drivers;

namespace Holdfast.Clients;

/// <summary>What every client must be able to do with the server. Subclassed for each client and protocol version.</summary>
public abstract class ClientScenarios : IAsyncLifetime
{
    private const int MessagesAcrossDeath = 60;
    private const int AcknowledgedBeforeDeath = 20;

    private readonly ServerFixture _server;
    private readonly List<ForeignClient> _clients = [];

    /// <summary>Names of this test only, since the tests of a class share a server.</summary>
    private readonly string _name = $"t{Guid.NewGuid():N}";

    /// <param name="server">The server.</param>
    protected ClientScenarios(ServerFixture server) => _server = server;

    /// <summary>4 for MQTT 3.1.1, 5 for MQTT 5.</summary>
    protected abstract int Version { get; }

    /// <summary>What carries MQTT.</summary>
    protected virtual Carrier Carrier => Carrier.Tcp;

    /// <summary>Whether the client's DISCONNECT says that the will is to be published (reason 0x04).</summary>
    protected virtual bool AsksForWillAtDisconnect => false;

    /// <inheritdoc/>
    public ValueTask InitializeAsync()
    {
        Require();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(0, 2, 0)]
    [InlineData(1, 2, 1)]
    [InlineData(2, 2, 2)]
    [InlineData(2, 1, 1)]
    [InlineData(1, 0, 0)]
    public async Task A_message_arrives_with_the_lower_quality_of_service_of_both_sides(int published, int subscribed, int expected)
    {
        var subscriber = await ConnectAsync("subscriber");
        await subscriber.SubscribeAsync($"{_name}/a", subscribed);
        var publisher = await ConnectAsync("publisher");
        await publisher.PublishAsync($"{_name}/a", "hello"u8.ToArray(), published);
        var message = await subscriber.ReceiveAsync();
        Assert.Equal(($"{_name}/a", "hello", expected, false), (message.Topic, message.Text, message.QualityOfService, message.Retain));
    }

    [Theory]
    [InlineData("a/+/c", "a/b/c", "a/b/d")]
    [InlineData("a/#", "a/b/c/d", "b/a")]
    [InlineData("+/+", "/", "a")]
    public async Task A_wildcard_takes_what_it_matches_and_nothing_else(string filter, string matching, string other)
    {
        var subscriber = await ConnectAsync("subscriber");
        await subscriber.SubscribeAsync($"{_name}/{filter}", 1);
        var publisher = await ConnectAsync("publisher");
        await publisher.PublishAsync($"{_name}/{other}", "no"u8.ToArray(), 1);
        await publisher.PublishAsync($"{_name}/{matching}", "yes"u8.ToArray(), 1);
        var message = await subscriber.ReceiveAsync();
        Assert.Equal(($"{_name}/{matching}", "yes"), (message.Topic, message.Text));
    }

    [Fact]
    public async Task A_retained_message_waits_for_subscribers_until_it_is_cleared()
    {
        var publisher = await ConnectAsync("publisher");
        await publisher.PublishAsync($"{_name}/a", "kept"u8.ToArray(), 1, retain: true);
        var first = await ConnectAsync("first");
        await first.SubscribeAsync($"{_name}/#", 1);
        var kept = await first.ReceiveAsync();
        Assert.Equal(("kept", true), (kept.Text, kept.Retain));

        await publisher.PublishAsync($"{_name}/a", [], 1, retain: true);
        var second = await ConnectAsync("second");
        await second.SubscribeAsync($"{_name}/#", 1);
        await publisher.PublishAsync($"{_name}/b", "fresh"u8.ToArray(), 1);
        var fresh = await second.ReceiveAsync();
        Assert.Equal(("fresh", false), (fresh.Text, fresh.Retain));
    }

    [Fact]
    public async Task A_will_is_published_when_the_connection_breaks_and_not_when_it_ends_normally()
    {
        var watcher = await ConnectAsync("watcher");
        await watcher.SubscribeAsync($"{_name}/wills/#", 1);
        var orderly = await ConnectWithWillAsync("orderly");
        await orderly.DisconnectAsync();
        if (AsksForWillAtDisconnect)
        {
            Assert.Equal($"{_name}/wills/orderly", (await watcher.ReceiveAsync()).Topic);
        }

        var broken = await ConnectWithWillAsync("broken");
        await broken.BreakAsync();
        var message = await watcher.ReceiveAsync();
        Assert.Equal(($"{_name}/wills/broken", "gone", 1), (message.Topic, message.Text, message.QualityOfService));
    }

    [Fact]
    public async Task A_persistent_session_gets_in_order_what_was_published_while_it_was_away()
    {
        var before = await ConnectAsync("subscriber", clean: false);
        await before.SubscribeAsync($"{_name}/#", 2);
        await before.DisconnectAsync();

        var publisher = await ConnectAsync("publisher");
        foreach (var (text, qualityOfService) in (IEnumerable<(string, int)>)[("one", 1), ("two", 2), ("three", 1), ("four", 2)])
        {
            await publisher.PublishAsync($"{_name}/a", Encoding.UTF8.GetBytes(text), qualityOfService);
        }

        var after = await ConnectAsync("subscriber", clean: false);
        await ResumeAsync(after, $"{_name}/#", 2);
        var received = new List<ReceivedMessage>();
        for (var count = 0; count < 4; count++)
        {
            received.Add(await after.ReceiveAsync());
        }

        // The order holds within a quality of service [MQTT-4.6.0-5]: a client may keep a QoS 2 message back until PUBREL.
        Assert.Equal(["one", "three"], received.Where(message => message.QualityOfService == 1).Select(message => message.Text));
        Assert.Equal(["two", "four"], received.Where(message => message.QualityOfService == 2).Select(message => message.Text));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_large_payload_arrives_unchanged(int qualityOfService)
    {
        var payload = new byte[200_000];
        new Random(qualityOfService).NextBytes(payload);
        var subscriber = await ConnectAsync("subscriber");
        await subscriber.SubscribeAsync($"{_name}/large", 2);
        var publisher = await ConnectAsync("publisher");
        await publisher.PublishAsync($"{_name}/large", payload, qualityOfService);
        Assert.Equal(payload, (await subscriber.ReceiveAsync()).Payload);
    }

    [Fact]
    public async Task Nothing_acknowledged_at_qos_1_is_lost_when_the_server_is_killed_and_the_client_reconnects_by_itself()
    {
        var subscriber = await ConnectAsync("subscriber", clean: false);
        await subscriber.SubscribeAsync($"{_name}/#", 1);
        var publisher = await ConnectAsync("publisher", clean: false);
        var acknowledged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var publishing = PublishNumbersAsync(publisher, acknowledged);
        await await Task.WhenAny(acknowledged.Task, publishing);
        await _server.KillAsync();
        await _server.StartAgainAsync();
        await publishing;

        var missing = Enumerable.Range(0, MessagesAcrossDeath).ToHashSet();
        var first = new List<int>();
        while (missing.Count > 0)
        {
            var number = int.Parse((await subscriber.ReceiveAsync()).Text, CultureInfo.InvariantCulture);
            if (missing.Remove(number))
            {
                first.Add(number);
            }
        }

        Assert.Equal(Enumerable.Range(0, MessagesAcrossDeath), first);
    }

    /// <summary>Fails when the client is not installed, with the command that installs it.</summary>
    protected abstract void Require();

    /// <summary>A client.</summary>
    protected abstract ForeignClient Create();

    /// <summary>What a client that came back has to do to receive. Most have to do nothing.</summary>
    protected virtual Task ResumeAsync(ForeignClient client, string filter, int qualityOfService) => Task.CompletedTask;

    private async Task PublishNumbersAsync(ForeignClient publisher, TaskCompletionSource acknowledged)
    {
        for (var number = 0; number < MessagesAcrossDeath; number++)
        {
            await publisher.PublishAsync($"{_name}/numbers", Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)), 1);
            if (number == AcknowledgedBeforeDeath)
            {
                acknowledged.SetResult();
            }
        }
    }

    private Task<ForeignClient> ConnectAsync(string name, bool clean = true)
        => ConnectAsync(Settings(name) with { Clean = clean });

    private ClientSettings Settings(string name)
        => new(_server.Ports[Carrier], Version, $"{_name}-{name}") { Carrier = Carrier, CertificateFile = _server.CertificateFile };

    private async Task<ForeignClient> ConnectWithWillAsync(string name)
    {
        var will = new ReceivedMessage($"{_name}/wills/{name}", "gone"u8.ToArray(), 1, false);
        var client = await ConnectAsync(Settings(name) with { Will = will });

        // A command-line client connects to subscribe.
        await client.SubscribeAsync($"{_name}/nothing", 0);
        return client;
    }

    private async Task<ForeignClient> ConnectAsync(ClientSettings settings)
    {
        var client = Create();
        _clients.Add(client);
        await client.ConnectAsync(settings);
        return client;
    }
}
