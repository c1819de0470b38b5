using System.Text.Json;
using Holdfast.Server.Tests.Brokers;

namespace Holdfast.Server.Tests.Clients;

/// <summary>The clients and the load generator at a broker that is not ours.</summary>
public sealed class AgainstMosquittoTests(Mosquitto mosquitto) : IClassFixture<Mosquitto>
{
    private readonly string _port = mosquitto.Port;

    [Fact]
    public async Task What_pub_publishes_sub_prints_and_ends_after_the_count()
    {
        using var subscriber = new TestTerminal();
        Task<int> subscribing = subscriber.RunAsync("sub", "-p", _port, "-t", "count/#", "-T", "count/hidden", "-C", "3", "-q", "1", "-F", "%t %q %P %p", "-d");
        await subscriber.WaitForErrorAsync("SUBACK");
        Assert.Equal(0, await Run("", "pub", "-p", _port, "-t", "count/hidden", "-m", "x"));
        Assert.Equal(0, await Run("", "pub", "-p", _port, "-t", "count/a", "-m", "one", "-q", "1", "-D", "PUBLISH", "user-property", "k", "v"));
        Assert.Equal(0, await Run("two\nthree\n", "pub", "-p", _port, "-t", "count/b", "-l", "-q", "2", "-V", "311"));
        Assert.Equal(0, await subscribing.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal("count/a 1 k:v one\ncount/b 1  two\ncount/b 1  three\n", subscriber.Output);
    }

    [Fact]
    public async Task Retained_messages_are_found_and_removed()
    {
        Assert.Equal(0, await Run("whole\ninput", "pub", "-p", _port, "-t", "kept/a", "-s", "-r", "-q", "1"));
        using var first = new TestTerminal();
        Assert.Equal(0, await first.RunAsync("sub", "-p", _port, "-t", "kept/#", "-C", "1", "--remove-retained", "--json"));
        JsonElement json = JsonElement.Parse(first.Output);
        Assert.Equal(("kept/a", "whole\ninput", true), (json.GetProperty("topic").GetString(), json.GetProperty("payload").GetString(), json.GetProperty("retain").GetBoolean()));
        using var second = new TestTerminal();
        Assert.Equal(27, await second.RunAsync("sub", "-p", _port, "-t", "kept/#", "-W", "0.3"));
        Assert.Empty(second.Output);
    }

    [Fact]
    public async Task A_kept_session_gets_what_came_meanwhile()
    {
        Assert.Equal(0, await Run("", "sub", "-p", _port, "-t", "away/a", "-q", "1", "-c", "-i", "away", "-E"));
        Assert.Equal(0, await Run("", "pub", "-p", _port, "-t", "away/a", "-m", "waited", "-q", "1"));
        using var back = new TestTerminal();
        Assert.Equal(0, await back.RunAsync("sub", "-p", _port, "-t", "away/a", "-q", "1", "-c", "-i", "away", "-C", "1", "-v"));
        Assert.Equal("away/a waited\n", back.Output);
    }

    [Fact]
    public async Task A_broker_that_is_not_there_is_one_line_and_exit_code_1()
    {
        using var terminal = new TestTerminal();
        Assert.Equal(1, await terminal.RunAsync("pub", "-p", "9", "-t", "a", "-m", "x"));
        Assert.StartsWith("holdfast: cannot connect to localhost:9: ", terminal.Error, StringComparison.Ordinal);
        Assert.Equal(1, terminal.Error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_one_line_and_exit_code_1()
    {
        using var terminal = new TestTerminal();
        Assert.Equal(1, await terminal.RunAsync("pub", "-p", _port, "-t", "a", "-f", "no-such-file"));
        Assert.Contains("cannot read no-such-file", terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_without_a_broker_is_one_line_and_exit_code_1()
    {
        using var terminal = new TestTerminal();
        Assert.Equal(1, await terminal.RunAsync("bench", "one", "-p", "9"));
        Assert.StartsWith("holdfast: cannot measure 127.0.0.1:9: ", terminal.Error, StringComparison.Ordinal);
    }

    private static async Task<int> Run(string input, params string[] arguments)
    {
        using var terminal = new TestTerminal(input);
        return await terminal.RunAsync(arguments);
    }
}
