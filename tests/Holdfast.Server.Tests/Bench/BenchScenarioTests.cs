using System.Text.Json;
using Holdfast.Server.Tests.Brokers;

namespace Holdfast.Server.Tests.Bench;

/// <summary>Every scenario against a real broker, for a moment.</summary>
public sealed class BenchScenarioTests(HoldfastBroker holdfast, Mosquitto mosquitto) : IClassFixture<HoldfastBroker>, IClassFixture<Mosquitto>
{
    [Theory]
    [InlineData("ingest", "-q", "0", "--publishers", "2")]
    [InlineData("ingest", "-q", "1", "--publishers", "2", "--mqtt5")]
    [InlineData("ingest", "-q", "2", "--publishers", "2", "--window", "10")]
    [InlineData("one", "-q", "0")]
    [InlineData("one", "-q", "2", "--window", "10")]
    [InlineData("fan-in", "-q", "1", "--publishers", "2", "--window", "10")]
    [InlineData("fan-out", "-q", "1", "--subscribers", "3", "--window", "5")]
    [InlineData("pairs", "-q", "1", "--publishers", "2", "--rate", "500")]
    [InlineData("paced", "-q", "1", "--devices", "10", "--rate", "500", "--subscribers", "1")]
    [InlineData("shared", "-q", "1", "--publishers", "2", "--subscribers", "3", "--window", "10")]
    [InlineData("mixed", "--publishers", "12", "--rate", "500", "--subscribers", "1")]
    public async Task A_load_gives_figures_and_misses_nothing(string scenario, params string[] options)
    {
        JsonElement json = await MeasureAsync([scenario, "--seconds", "0.3", "--warmup", "0.1", .. options]);
        Assert.NotEmpty(json.GetProperty("series").EnumerateArray());
        Assert.True(json.GetProperty("published").GetInt64() > 0);
        if (options[1] != "0")
        {
            Assert.Equal(0, json.GetProperty("missing").GetInt64());
            Assert.True(json.GetProperty("latency").GetProperty("p99").GetDouble() > 0);
        }

        if (options.Contains("--rate"))
        {
            Assert.InRange(json.GetProperty("published").GetInt64(), 50, 1000);
            Assert.True(json.GetProperty("generator").TryGetProperty("lateP99", out _));
        }
    }

    [Fact]
    public async Task Idle_connections_are_all_there_and_measured()
    {
        JsonElement json = await MeasureAsync("idle", "--connections", "150", "--seconds", "0.2");
        Assert.Equal(150, json.GetProperty("count").GetInt64());
        Assert.True(json.GetProperty("idle").TryGetProperty("residentBytesEach", out _));
    }

    [Fact]
    public async Task A_connect_storm_counts_connects()
    {
        JsonElement json = await MeasureAsync("connect-storm", "--at-once", "10", "--seconds", "0.3", "--warmup", "0");
        Assert.True(json.GetProperty("latency").GetProperty("p50").GetDouble() > 0);
    }

    [Fact]
    public async Task Take_overs_are_counted()
    {
        JsonElement json = await MeasureAsync("take-over", "--at-once", "3", "--seconds", "0.3", "--warmup", "0");
        Assert.True(json.GetProperty("count").GetInt64() > 0 && json.GetProperty("latency").GetProperty("p50").GetDouble() > 0);
    }

    [Fact]
    public async Task Sessions_that_come_back_get_all_that_waited()
    {
        JsonElement json = await MeasureAsync("reconnect-storm", "--connections", "20", "--waiting", "30", "--seconds", "30");
        Assert.Equal((600, 0), (json.GetProperty("count").GetInt64(), json.GetProperty("missing").GetInt64()));
        JsonElement reconnect = json.GetProperty("reconnect");
        Assert.InRange(reconnect.GetProperty("fairness").GetDouble(), 1 / 20.0, 1);
        Assert.True(reconnect.GetProperty("drainedSeconds").GetDouble() >= json.GetProperty("latency").GetProperty("p50").GetDouble() / 1000);
    }

    [Fact]
    public async Task Retained_messages_are_retrieved_again_and_again_and_removed()
    {
        JsonElement json = await MeasureAsync("retained", "--topics", "250", "--subscribers", "2", "--seconds", "0.3");
        long retrievals = json.GetProperty("retained").GetProperty("retrievals").GetInt64();
        Assert.True(retrievals >= 2, $"{retrievals} retrievals");

        // Both are read while messages arrive, one after the other: each of the two subscribers may be a retrieval ahead.
        Assert.InRange(json.GetProperty("count").GetInt64(), 250 * (retrievals - 2), 250 * (retrievals + 2));

        // What is retained would come before what is published after SUBACK.
        using var subscriber = new TestTerminal();
        Task<int> subscribing = subscriber.RunAsync("sub", "-p", holdfast.Port, "-t", "bench/#", "-C", "1", "-d");
        await subscriber.WaitForErrorAsync("SUBACK");
        using var publisher = new TestTerminal();
        Assert.Equal(0, await publisher.RunAsync("pub", "-p", holdfast.Port, "-t", "bench/marker", "-m", "live", "-q", "1"));
        Assert.Equal(0, await subscribing.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal("live\n", subscriber.Output);
    }

    [Theory]
    [InlineData("ingest", "-q", "1", "--publishers", "2", "--window", "10")]
    [InlineData("one", "-q", "2", "--window", "10")]
    [InlineData("shared", "-q", "1", "--publishers", "2", "--subscribers", "3", "--window", "10")]
    [InlineData("reconnect-storm", "--connections", "5", "--waiting", "10")]
    [InlineData("retained", "--topics", "50")]
    [InlineData("take-over", "--at-once", "3", "--warmup", "0")]
    public async Task Another_broker_is_measured_in_the_same_way(string scenario, params string[] options)
    {
        using var terminal = new TestTerminal();
        string[] common = ["bench", scenario, "-p", mosquitto.Port, "--pid", mosquitto.ProcessId, "--seconds", scenario == "reconnect-storm" ? "30" : "0.3", "--json"];
        Assert.True(await terminal.RunAsync([.. common, .. options]) == 0, terminal.Error + terminal.Output);
        JsonElement json = JsonElement.Parse(terminal.Output);
        Assert.True(json.GetProperty("perSecond").GetDouble() > 0);
        if (scenario == "shared")
        {
            Assert.InRange(json.GetProperty("shared").GetProperty("fairness").GetDouble(), 0.9, 1);
        }
    }

    [Fact]
    public async Task Two_brokers_are_compared_in_turn()
    {
        using var terminal = new TestTerminal();
        string[] arguments =
        [
            "bench", "compare", $"127.0.0.1:{holdfast.Port}", $"127.0.0.1:{mosquitto.Port}", "one", "--seconds", "0.2", "--warmup", "0", "--rounds", "2",
            "--pid", holdfast.ProcessId, "--pid-b", mosquitto.ProcessId, "--json",
        ];
        Assert.True(await terminal.RunAsync(arguments) == 0, terminal.Error);
        JsonElement json = JsonElement.Parse(terminal.Output);
        Assert.Equal((2, 2), (json.GetProperty("a").GetArrayLength(), json.GetProperty("b").GetArrayLength()));
        Assert.True(json.GetProperty("figures").EnumerateArray().First(figure => figure.GetProperty("title").GetString() == "each second").GetProperty("ratio").GetDouble() > 0);
    }

    private async Task<JsonElement> MeasureAsync(params string[] arguments)
    {
        using var terminal = new TestTerminal();
        string[] common = ["-p", holdfast.Port, "--pid", holdfast.ProcessId, "--data", holdfast.Data, "--json"];
        Assert.True(await terminal.RunAsync(["bench", .. arguments, .. common]) == 0, terminal.Error + terminal.Output);
        JsonElement json = JsonElement.Parse(terminal.Output);
        Assert.Equal(arguments[0], json.GetProperty("scenario").GetString());
        Assert.True(json.GetProperty("perSecond").GetDouble() > 0, terminal.Output);
        Assert.True(json.GetProperty("brokerProcess").GetProperty("residentPeak").GetInt64() > 0);
        Assert.True(json.GetProperty("data").GetProperty("filesAtEnd").GetInt32() > 0);
        return json;
    }
}
