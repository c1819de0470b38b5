using System.Text.Json;
using Holdfast.Server.CommandLine;
using Holdfast.Testing;

namespace Holdfast.Server.Tests.Serving;

/// <summary>What a server that nobody uses has not loaded, and does not do.</summary>
public sealed class IdleServerTests
{
    [Fact]
    public async Task It_has_loaded_nothing_that_only_others_need()
    {
        using var directory = new TemporaryDirectory();
        var arguments = new ServerArguments(directory.Below("data"));
        await using (var first = await ServerProcess.StartAsync(arguments))
        {
            // The first start makes a store and a token, for which it needs random numbers.
            await first.TerminateAsync();
        }

        await using var server = await ServerProcess.StartAsync(arguments);
        var mapped = await File.ReadAllTextAsync($"/proc/{server.ProcessId}/maps", TestContext.Current.CancellationToken);

        Assert.Contains("Holdfast.Broker.dll", mapped, StringComparison.Ordinal);
        Assert.All(
            ["libcrypto", "System.Net.Http.dll", "Holdfast.Status.dll", "Holdfast.Device.dll", "MQTTnet.dll", "Orleans.Runtime.dll", "Npgsql.dll", "Markdig.dll", "MailKit.dll"],
            file => Assert.DoesNotContain(file, mapped, StringComparison.Ordinal));
        await server.TerminateAsync();
    }

    [Fact]
    public async Task Its_threads_sleep_and_do_not_spin()
    {
        var settings = await File.ReadAllTextAsync(
            Path.ChangeExtension(typeof(Cli).Assembly.Location, ".runtimeconfig.json"), TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(settings);

        Assert.Equal(
            0,
            document.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit").GetInt32());
    }
}
