using System.Text.Json;
using Holdfast.Server.Demo;

namespace Holdfast.Server.Tests.Demo;

/// <summary>The whole demonstration with this build's broker; and that it does not praise a broker that forgets.</summary>
public sealed class DemoEndToEndTests : IDisposable
{
    private static readonly string Holdfast = Path.Combine(AppContext.BaseDirectory, "holdfast");

    private readonly string _journals = Directory.CreateTempSubdirectory().FullName;
    private readonly TestTerminal _terminal = new();

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_broker_is_killed_and_the_journals_say_so_too()
    {
        int code = await RunAsync(new BrokerProgram(Holdfast, []), settling: TimeSpan.FromSeconds(60));
        Assert.True(code == 0, _terminal.Error);
        JsonElement result = JsonElement.Parse(_terminal.Output);
        Assert.True(result.GetProperty("brokerKilled").GetBoolean());

        // The status page has seen it by itself: which step, since when, until when; and its files stay.
        Assert.Matches("^(MQTT|HTTP): (devices cannot connect|published messages are not acknowledged|events are not accepted|event streams do not deliver)$", result.GetProperty("incident").GetString()!);
        Assert.InRange(result.GetProperty("incidentOpenedAfterSeconds").GetDouble(), 0, 20);
        Assert.InRange(result.GetProperty("incidentSeconds").GetDouble(), 0, 20);
        Assert.Contains("Closed automatically", await File.ReadAllTextAsync(result.GetProperty("statusPage").GetString()!, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal((0, 0), (result.GetProperty("lost").GetInt32(), result.GetProperty("duplicatesAfterDeduplication").GetInt32()));

        HashSet<(string, ulong)> acknowledged = [.. Devices().Where(line => line.Action == "acknowledged").Select(line => line.Key)];
        HashSet<(string, ulong)> published = [.. Devices().Where(line => line.Action == "publish").Select(line => line.Key)];
        Assert.Equal(result.GetProperty("acknowledged").GetInt32(), acknowledged.Count);
        Assert.NotEmpty(acknowledged);
        foreach (string sink in new[] { "subscriber", "webhook" })
        {
            (string Stream, ulong Sequence)[] received = [.. Read(sink).Where(line => line.Action == "received").Select(line => line.Key).Distinct()];
            Assert.Empty(acknowledged.Except(received));
            Assert.Empty(received.Except(published));
            Assert.All(received.GroupBy(key => key.Stream), stream => Assert.Equal(stream.Order(), stream));
        }
    }

    [Fact]
    public async Task A_broker_that_forgets_when_it_is_killed_is_found_out()
    {
        // Before the second start the data directory, the third argument, is emptied.
        const string Script = "if [ -e \"$3/started\" ]; then rm -rf \"$3\"; fi; mkdir -p \"$3\"; touch \"$3/started\"; exec \"$0\" \"$@\"";
        int code = await RunAsync(new BrokerProgram("/bin/sh", ["-c", Script, Holdfast]), settling: TimeSpan.FromSeconds(2));
        Assert.Equal(1, code);
        Assert.Contains("missing", _terminal.Error, StringComparison.Ordinal);
        JsonElement result = JsonElement.Parse(_terminal.Output);
        Assert.True(result.GetProperty("lost").GetInt32() > 0);
        Assert.False(result.GetProperty("proven").GetBoolean());
        DeleteKeptData();
    }

    public void Dispose()
    {
        _terminal.Dispose();
        Directory.Delete(_journals, recursive: true);
    }

    private Task<int> RunAsync(BrokerProgram program, TimeSpan settling)
    {
        var options = new DemoOptions { Duration = TimeSpan.FromSeconds(3), Devices = 20, Settling = settling, JournalDirectory = _journals, Seed = 5, Json = true };
        return new DemoArguments(_terminal.Terminal).RunAsync(options, program, new BrokerProgram(Holdfast, []), TestContext.Current.CancellationToken);
    }

    // The demonstration keeps the data of a failed run and says where.
    private void DeleteKeptData()
    {
        const string Kept = "is kept: ";
        string line = _terminal.Error.Split('\n').Single(line => line.Contains(Kept, StringComparison.Ordinal));
        Directory.Delete(line[(line.IndexOf(Kept, StringComparison.Ordinal) + Kept.Length)..].Trim(), recursive: true);
    }

    private IEnumerable<(string Action, (string Stream, ulong Sequence) Key)> Devices()
        => Directory.EnumerateFiles(_journals, "*-*.jsonl").SelectMany(path => Read(Path.GetFileNameWithoutExtension(path)));

    private IEnumerable<(string Action, (string Stream, ulong Sequence) Key)> Read(string client)
    {
        foreach (string text in File.ReadLines(Path.Combine(_journals, client + ".jsonl")))
        {
            JsonElement line = JsonElement.Parse(text);
            string action = line.GetProperty("action").GetString()!;
            yield return line.TryGetProperty("stream", out JsonElement stream)
                ? (action, (stream.GetString()!, line.GetProperty("sequence").GetUInt64()))
                : (action, ("", 0));
        }
    }
}
