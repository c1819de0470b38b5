using Holdfast.Server.Demo;

namespace Holdfast.Server.Tests.Demo;

public sealed class BrokerProcessTests
{
    private const string Ready = "echo listening mqtt://127.0.0.1:1111; echo listening http://127.0.0.1:2222; echo ready; exec ";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_broker_is_ready_when_it_says_so_and_dead_when_it_is_killed()
    {
        await using BrokerProcess broker = await StartAsync(Ready + "sleep 600");
        Assert.Equal((1111, 2222), (broker.Mqtt!.Port, broker.Http!.Port));
        int id = broker.Id;
        Assert.True(Directory.Exists($"/proc/{id}"));
        Assert.True(await broker.KillAsync());
        Assert.False(Directory.Exists($"/proc/{id}"));
        Assert.False(await broker.KillAsync(), "what is dead already cannot be killed");
    }

    [Fact]
    public async Task A_broker_that_ends_before_it_is_ready_is_reported_with_its_words()
    {
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync("echo the disk is gone >&2; exit 3"));
        Assert.Contains("ended before it was ready", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the disk is gone", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_is_never_ready_is_reported()
    {
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync("echo slow; exec sleep 600", TimeSpan.FromMilliseconds(200)));
        Assert.Contains("not ready within", failure.Message, StringComparison.Ordinal);
    }

    // The script stands for a broker; what BrokerProcess appends ("serve --data ...") becomes its positional parameters.
    private static Task<BrokerProcess> StartAsync(string script, TimeSpan? timeout = null)
        => BrokerProcess.StartAsync(new BrokerProgram("/bin/sh", ["-c", script]), "data", 0, 0, timeout ?? Timeout, TestContext.Current.CancellationToken);
}
