using System.Text.Json;
using Holdfast.Testing;

namespace Holdfast.Server.Tests.Devices;

public sealed class AgentTests(DeviceServer server) : IClassFixture<DeviceServer>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _id = $"agent-{Guid.NewGuid():N}";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Each_line_of_standard_input_is_an_event_and_the_end_comes_when_all_are_stored()
    {
        using var terminal = new TestTerminal("one\r\n\ntwo\nthree");
        Assert.Equal(0, await RunAsync(terminal, server.Url, "--name", "log/line", "--json"));
        Assert.Equal([("log/line", "one"), ("log/line", "two"), ("log/line", "three")], await server.ReadAsync(_id));
        Assert.Equal(3, JsonDocument.Parse(terminal.Output).RootElement.GetProperty("stored").GetInt32());
    }

    [Fact]
    public async Task What_was_read_while_no_broker_was_there_is_sent_by_the_next_run()
    {
        using var stop = new CancellationTokenSource();
        using var first = new TestTerminal("kept 1\nkept 2\n");
        var running = Server.CommandLine.Cli.RunAsync(["agent", "--id", _id, "--outbox", _directory.Below("outbox"), "--endpoint", $"mqtt://127.0.0.1:{FreePorts.Take()}"], first.Terminal, stop.Token);
        await first.WaitForErrorAsync("offline");
        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.StartsWith("0 stored, 2 waiting", first.Output, StringComparison.Ordinal);

        using var second = new TestTerminal("new\n");
        Assert.Equal(0, await RunAsync(second, server.Url));
        Assert.Equal(["kept 1", "kept 2", "new"], (await server.ReadAsync(_id)).Select(e => e.Payload));
    }

    [Fact]
    public async Task A_followed_file_is_read_on_where_it_was_left_and_from_the_beginning_when_it_is_shorter()
    {
        var file = _directory.Below("log");
        await File.WriteAllTextAsync(file, "1\n2\nhalf", TestContext.Current.CancellationToken);
        await FollowUntilAsync(file, 2);
        await File.AppendAllTextAsync(file, " 3\n4\n", TestContext.Current.CancellationToken);
        await FollowUntilAsync(file, 4);
        await File.WriteAllTextAsync(file, "a\n", TestContext.Current.CancellationToken);
        await FollowUntilAsync(file, 5);
        Assert.Equal(["1", "2", "half 3", "4", "a"], (await server.ReadAsync(_id)).Select(e => e.Payload));
    }

    [Theory]
    [InlineData("--endpoint", "http://x")]
    [InlineData("--id", "a/b")]
    [InlineData("--name", "a/#")]
    [InlineData("--ca", "no-such-file")]
    public async Task A_wrong_option_is_said_in_one_line(string option, string value)
    {
        using var terminal = new TestTerminal();
        Assert.Equal(2, await terminal.RunAsync("agent", option, value));
        Assert.StartsWith("holdfast agent: ", terminal.Error, StringComparison.Ordinal);
        Assert.Contains(option, terminal.Error, StringComparison.Ordinal);
    }

    private async Task FollowUntilAsync(string file, int stored)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var terminal = new TestTerminal();
        var running = Server.CommandLine.Cli.RunAsync(["agent", "--id", _id, "--outbox", _directory.Below("outbox"), "--endpoint", server.Url, "--file", file], terminal.Terminal, stop.Token);
        while ((await server.ReadAsync(_id)).Count < stored)
        {
            Assert.False(running.IsCompleted, terminal.Error);
        }

        await stop.CancelAsync();
        await running;
    }

    private Task<int> RunAsync(TestTerminal terminal, string url, params string[] options)
        => terminal.RunAsync(["agent", "--id", _id, "--outbox", _directory.Below("outbox"), "--endpoint", url, .. options]).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
}
