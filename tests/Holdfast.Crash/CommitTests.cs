using System.Net;
using Holdfast.Crash.Clients;
using Holdfast.Crash.Processes;
using Holdfast.Mqtt;

namespace Holdfast.Crash;

/// <summary>Commits that do not return, or fail: connected means committing.</summary>
public sealed class CommitTests : IDisposable
{
    private const int Messages = 100;
    private const int FaultyFlush = 60;

    /// <summary>Beyond those of the start, which another thread does.</summary>
    private const int FaultyStateFlush = 24;
    private const string StallMicroseconds = "12000000";

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact(Timeout = 300_000)]
    public async Task A_stalled_commit_refuses_disconnects_and_returns_by_itself()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var journal = new Journal(_directory.Journals);
        await using var load = await Load.CreateAsync(journal, publishersOfEachKind: 1);
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Data)
        {
            Options = ["--ack-deadline", "2s"],
            Tracer = Inject("fdatasync", $"delay_enter={StallMicroseconds}:when={FaultyFlush}"),
        });
        using var idle = await MqttLink.OpenAsync(new(IPAddress.Loopback, server.MqttPort), new() { Version = ProtocolVersion.Mqtt5, ClientId = "idle", CleanStart = true }, cancellation);
        var idleEnded = idle!.RunAsync(new CountingHandler(new AcknowledgementCounter()), cancellation);
        await load.SubscribeAsync(server, _directory.Data, cancellation);
        _ = load.PublishAsync(int.MaxValue);

        await load.UntilAsync(idleEnded, server, cancellation);
        var acknowledgedBefore = load.Acknowledged.Count;
        Assert.Equal(ReasonCode.ServerBusy, idle.DisconnectReason);
        var refusals = load.RefusalsAsync();
        await load.UntilAsync(refusals, server, cancellation);
        Assert.All(await refusals, reason => Assert.Equal(ReasonCode.ServerUnavailable, reason));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await HttpSide.ReadyAsync(server, cancellation));
        Assert.Equal(acknowledgedBefore, load.Acknowledged.Count);

        await load.UntilAsync(load.AcknowledgementsAsync(Messages), server, cancellation);
        Assert.Equal(HttpStatusCode.OK, await HttpSide.ReadyAsync(server, cancellation));
        await load.UntilAsync(load.DrainAsync(), server, cancellation);
        await server.TerminateAsync();

        var verdict = JournalChecker.Check(journal.Read());
        Assert.True(verdict.Violations.Count == 0, verdict.ToString());
    }

    [Theory(Timeout = 300_000)]
    [InlineData("fdatasync", FaultyFlush)]
    [InlineData("fsync", FaultyStateFlush)]
    public async Task A_flush_that_fails_ends_the_process_and_loses_nothing(string call, int when)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var journal = new Journal(_directory.Journals);
        await using var load = await Load.CreateAsync(journal, publishersOfEachKind: 2);
        var arguments = new ServerArguments(_directory.Data);
        await using (var failing = await ServerProcess.StartAsync(arguments with { Tracer = Inject(call, $"error=EIO:when={when}") }))
        {
            await load.SubscribeAsync(failing, _directory.Data, cancellation);
            _ = load.PublishAsync(int.MaxValue);
            Assert.NotEqual(0, await failing.EndAsync());
            Assert.Contains("flush", failing.Output, StringComparison.OrdinalIgnoreCase);
            Assert.Contains(_directory.Data, failing.Output, StringComparison.Ordinal);
        }

        await using var server = await ServerProcess.StartAsync(arguments);
        load.Address.Announce(server.MqttPort);
        await load.UntilAsync(load.AcknowledgementsAsync(Messages), server, cancellation);
        await load.UntilAsync(load.DrainAsync(), server, cancellation);
        await server.TerminateAsync();

        var verdict = JournalChecker.Check(journal.Read());
        Assert.True(verdict.Violations.Count == 0, verdict.ToString());
    }

    [Fact(Timeout = 300_000)]
    public async Task A_suspended_process_goes_on_where_it_was()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var journal = new Journal(_directory.Journals);
        await using var load = await Load.CreateAsync(journal, publishersOfEachKind: 1);
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Data) { Options = ["--ack-deadline", "2s"] });
        await load.SubscribeAsync(server, _directory.Data, cancellation);
        _ = load.PublishAsync(int.MaxValue);
        await load.UntilAsync(load.AcknowledgementsAsync(Messages), server, cancellation);

        server.Suspend();
        var silence = TimeSpan.FromSeconds(3);
        await Assert.ThrowsAsync<TimeoutException>(() => load.AcknowledgementsAsync(int.MaxValue / 2).WaitAsync(silence, cancellation));
        server.Resume();

        await load.UntilAsync(load.AcknowledgementsAsync(Messages), server, cancellation);
        await load.UntilAsync(load.DrainAsync(), server, cancellation);
        await server.TerminateAsync();

        var verdict = JournalChecker.Check(journal.Read());
        Assert.True(verdict.Violations.Count == 0, verdict.ToString());
    }

    /// <summary>The count is each thread's own: the log is flushed by one thread, with fdatasync; the state by another, with fsync.</summary>
    private static string[] Inject(string call, string fault)
        => ["strace", "-f", "-qq", "--seccomp-bpf", "-e", $"trace={call}", "-e", "signal=none", "-e", $"inject={call}:{fault}", "-o", "/dev/null"];
}
