using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Holdfast.Testing;

namespace Holdfast.Server.Tests.Restoring;

public sealed class RestoredTests : IDisposable
{
    private const string Events = "/api/v1/products/default/events";
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_copy_of_the_directory_is_a_backup_and_no_event_gets_the_id_of_one_that_is_gone()
    {
        string kept;
        string gone;
        await using (var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data"))))
        {
            kept = await PublishAsync(server);
            await server.TerminateAsync();
        }

        using (var copy = Process.Start("cp", ["-a", _directory.Below("data"), _directory.Below("backup")]))
        {
            await copy.WaitForExitAsync(Cancellation);
        }

        await using (var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data"))))
        {
            gone = await PublishAsync(server);
        }

        var terminal = new TestTerminal();
        Assert.Equal(0, await terminal.RunAsync("restored", "--data", _directory.Below("backup"), "--json"));
        var life = JsonElement.Parse(terminal.Output);

        await using var restored = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("backup")));
        var after = await PublishAsync(restored);
        Assert.NotEqual(gone, after);
        Assert.StartsWith(life.GetProperty("incarnation").GetString() + "-", after, StringComparison.Ordinal);
        Assert.StartsWith(life.GetProperty("before").GetString() + "-", kept, StringComparison.Ordinal);
        using var client = Client(restored);
        var page = await client.GetFromJsonAsync<JsonElement>(Events, Cancellation);
        Assert.Equal([kept, after], page.GetProperty("events").EnumerateArray().Select(one => one.GetProperty("id").GetString()));
    }

    [Theory]
    [InlineData("", "Give --data DIR or --cluster CONNECTION.")]
    [InlineData("--data /nowhere", "there is no file 'store'")]
    [InlineData("--data /nowhere --cluster Host=x", "Give --data DIR or --cluster CONNECTION.")]
    [InlineData("--cluster Hots=x", "hots")]
    public async Task What_cannot_be_is_said_in_one_line(string arguments, string said)
    {
        var terminal = new TestTerminal();
        Assert.NotEqual(0, await terminal.RunAsync(["restored", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]));
        Assert.Contains(said, terminal.Error, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<string> PublishAsync(ServerProcess server)
    {
        using var client = Client(server);
        using var answer = await client.PostAsJsonAsync(Events, new { topic = "devices/d/events/x", payload = "x" }, Cancellation);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("id").GetString()!;
    }

    private static HttpClient Client(ServerProcess server) => new() { BaseAddress = new Uri($"http://127.0.0.1:{server.HttpPort}") };
}
