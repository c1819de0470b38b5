using System.Text.Json;
using Holdfast.Mqtt;

namespace Holdfast.Server.Tests.Bench;

/// <summary>A broker that refuses does not get good figures: every error is counted with its reason, and the command fails.</summary>
public sealed class BenchErrorTests
{
    private static readonly byte[] Accepted = [0x20, 3, 0, 0, 0];

    [Fact]
    public async Task A_refused_connect_is_one_line_with_the_reason()
    {
        using var broker = new ScriptedBroker((_, _) => [0x20, 3, 0, 0x88, 0]);
        using var terminal = new TestTerminal();
        Assert.Equal(1, await terminal.RunAsync("bench", "one", "-p", broker.Port, "--mqtt5"));
        Assert.Equal($"holdfast: cannot measure 127.0.0.1:{broker.Port}: the broker refused CONNECT: ServerUnavailable", terminal.Error.Trim());
    }

    [Fact]
    public async Task A_negative_acknowledgement_is_an_error_and_no_message_of_the_rate()
    {
        using var broker = new ScriptedBroker((type, body) => type switch
        {
            PacketType.Connect => Accepted,
            PacketType.Publish => [0x40, 3, body[2 + body[1]], body[3 + body[1]], 0x97],
            _ => [],
        });
        JsonElement json = await MeasureAsync(broker, "ingest", "-q", "1", "--publishers", "1", "--rate", "100");
        Assert.Equal("PubAck: QuotaExceeded", json.GetProperty("errors")[0].GetProperty("reason").GetString());
        Assert.True(json.GetProperty("errors")[0].GetProperty("count").GetInt64() > 1);
        Assert.Equal(0, json.GetProperty("count").GetInt64());
        Assert.Equal("nothing was counted", json.GetProperty("warnings").EnumerateArray().Last().GetString());
    }

    [Fact]
    public async Task A_disconnect_is_an_error_with_its_reason()
    {
        using var broker = new ScriptedBroker((type, _) => type == PacketType.Connect ? Accepted : [0xE0, 2, 0x8B, 0]);
        JsonElement json = await MeasureAsync(broker, "ingest", "-q", "1", "--publishers", "2", "--window", "1");
        Assert.Equal("connection lost: the broker sent DISCONNECT: ServerShuttingDown", json.GetProperty("errors")[0].GetProperty("reason").GetString());
        Assert.Equal(2, json.GetProperty("errors")[0].GetProperty("count").GetInt64());
    }

    [Fact]
    public async Task Messages_that_are_never_acknowledged_are_missing()
    {
        using var broker = new ScriptedBroker((type, _) => type == PacketType.Connect ? Accepted : []);
        using var terminal = new TestTerminal();
        Assert.Equal(0, await terminal.RunAsync("bench", "ingest", "-q", "1", "--publishers", "1", "--window", "7", "-p", broker.Port, "--mqtt5", "--seconds", "0.1", "--warmup", "0", "--json"));
        JsonElement json = JsonElement.Parse(terminal.Output);
        Assert.Equal(7, json.GetProperty("missing").GetInt64());
        Assert.StartsWith("7 messages were still missing", json.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connects_that_fail_are_counted_among_those_that_do_not()
    {
        int connects = 0;
        using var broker = new ScriptedBroker((type, _) => type != PacketType.Connect ? [] : Interlocked.Increment(ref connects) % 2 == 1 ? Accepted : [0x20, 3, 0, 0x9F, 0]);
        JsonElement json = await MeasureAsync(broker, "idle", "--connections", "20", "--at-once", "1");
        Assert.Equal((10, 10), (json.GetProperty("count").GetInt64(), json.GetProperty("errors")[0].GetProperty("count").GetInt64()));
        Assert.Equal("connect failed: the broker refused CONNECT: ConnectionRateExceeded", json.GetProperty("errors")[0].GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("holdfast bench paced: --rate 0: write a whole number from 1 to 10000000.", "paced", "--rate", "0")]
    [InlineData("holdfast bench one: --qos 3: write a whole number from 0 to 2.", "one", "--qos", "3")]
    [InlineData("holdfast bench one: --seconds x: write seconds from 0.1 to 86400.", "one", "--seconds", "x")]
    [InlineData("holdfast bench idle: '--rate' is not known here.", "idle", "--rate", "3")]
    [InlineData("holdfast bench suite: --only two: write some of one, fan-in-0", "suite", "--only", "one,two")]
    [InlineData("holdfast bench suite: --brokers x: write some of holdfast, mosquitto, nats-server.", "suite", "--brokers", "x")]
    public async Task A_wrong_option_is_one_line_and_exit_code_2(string expected, params string[] arguments)
    {
        using var terminal = new TestTerminal();
        Assert.Equal(2, await terminal.RunAsync(["bench", .. arguments]));
        Assert.StartsWith(expected, terminal.Error, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> MeasureAsync(ScriptedBroker broker, params string[] arguments)
    {
        using var terminal = new TestTerminal();
        string[] common = ["-p", broker.Port, "--mqtt5", "--seconds", "0.2", "--json"];
        Assert.Equal(1, await terminal.RunAsync(["bench", .. arguments, .. common]));
        return JsonElement.Parse(terminal.Output);
    }
}
