using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Holdfast.Testing;
using MQTTnet;
using MQTTnet.Protocol;

namespace Holdfast.Server.Tests.Serving;

/// <summary>A node that may open hardly any files, and more connections than that.</summary>
public sealed partial class OpenFilesTests
{
    /// <summary>What the runtime and the node open for themselves leaves few of them.</summary>
    private const int Files = 400;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connections_wait_outside_while_the_node_goes_on_and_come_in_when_others_have_ended()
    {
        Components.Require("apt-get install util-linux", "which", "prlimit");
        using var directory = new TemporaryDirectory();
        await using var server = await ServerProcess.StartAsync(new ServerArguments(directory.Below("data")) { Tracer = ["prlimit", $"--nofile={Files}"] });
        using var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", server.MqttPort).WithClientId("client").Build(), Cancellation);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.HttpPort}") };

        // They are let into the kernel's queue, all of them.
        var sockets = new List<Socket>();
        for (var count = 0; count < Files; count++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync("127.0.0.1", server.MqttPort, Cancellation);
            sockets.Add(socket);
        }

        while (await WaitsAsync(http) == 0)
        {
            await PublishAsync(client);
        }

        // Still there, and not busy with failing: it has noted that it waits, not each time that it has looked.
        for (var count = 0; count < 20; count++)
        {
            await PublishAsync(client);
        }

        Assert.InRange(await WaitsAsync(http), 1, 1000);
        Assert.Single(Told().Matches(server.Output));

        sockets.ForEach(socket => socket.Dispose());
        using var late = new MqttClientFactory().CreateMqttClient();
        await late.ConnectAsync(
            new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", server.MqttPort).WithClientId("late").WithTimeout(TimeSpan.FromSeconds(100)).Build(), Cancellation);
        await PublishAsync(late);
        await PublishAsync(client);
        await server.TerminateAsync();
    }

    private static async Task PublishAsync(IMqttClient client)
        => Assert.True((await client.PublishAsync(new MqttApplicationMessage { Topic = "a", QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce }, Cancellation)).IsSuccess);

    private static async Task<long> WaitsAsync(HttpClient http)
        => Waits().Match(await http.GetStringAsync("/metrics", Cancellation)) is { Success: true } found ? long.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex("""holdfast_limited_total\{[^}]*limit="open-files"[^}]*\} (\d+)""")]
    private static partial Regex Waits();

    [GeneratedRegex("Refused or dropped: accept, open-files: 127")]
    private static partial Regex Told();
}
