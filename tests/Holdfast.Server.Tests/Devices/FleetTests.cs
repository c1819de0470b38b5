using System.Text.Json;

namespace Holdfast.Server.Tests.Devices;

public sealed class FleetTests(DeviceServer server) : IClassFixture<DeviceServer>
{
    [Fact]
    public async Task Devices_on_bad_links_that_reboot_lose_nothing_and_store_nothing_twice()
    {
        using var terminal = new TestTerminal();
        var code = await terminal.RunAsync(
            "fleet", "--endpoint", server.Url, "--devices", "20", "--duration", "4s", "--interval", "100ms", "--link", "bad", "--reboot-every", "2s",
            "--ack-deadline", "2s", "--seed", "5", "--json");
        Assert.Equal((0, ""), (code, string.Join('\n', terminal.Error.Split('\n').Skip(1))));
        var result = JsonDocument.Parse(terminal.Output).RootElement;
        Assert.Equal((20, 5, 0, 0), (Int("devices"), Int("seed"), Int("waiting"), Int("dropped")));
        Assert.InRange(Int("reboots"), 5, 200);
        Assert.InRange(Int("connections"), 20, 1000);
        var stored = 0;
        for (var i = 0; i < 20; i++)
        {
            stored += (await server.ReadAsync($"fleet-{i}")).Count;
        }

        Assert.Equal(Int("published"), stored);

        int Int(string name) => result.GetProperty(name).GetInt32();
    }

    [Theory]
    [InlineData("--profile", "quiet", "telemetry")]
    [InlineData("--link", "wire", "mobile")]
    [InlineData("--prefix", "a/b", "without /")]
    public async Task A_wrong_option_is_said_in_one_line(string option, string value, string expected)
    {
        using var terminal = new TestTerminal();
        Assert.Equal(2, await terminal.RunAsync("fleet", option, value));
        Assert.StartsWith($"holdfast fleet: {option} {value}: ", terminal.Error, StringComparison.Ordinal);
        Assert.Contains(expected, terminal.Error, StringComparison.Ordinal);
    }
}
