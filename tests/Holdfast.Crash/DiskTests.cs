using System.Net;
using Holdfast.Crash.Clients;
using Holdfast.Crash.Processes;
using Holdfast.Mqtt;

namespace Holdfast.Crash;

/// <summary>A disk that is full, read-only or in use: a clear error, no crash, no loss, and recovery when the cause is gone.</summary>
public sealed class DiskTests : IDisposable
{
    private const int VolumeMegabytes = 128;
    private const int Messages = 300;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory(Timeout = 300_000)]
    [InlineData("32MiB", 16)]
    [InlineData("0", 0)]
    public async Task A_full_disk_is_refused_and_survived(string minimumFree, int megabytesLeft)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var volume = new TemporaryVolume(_directory.Data, VolumeMegabytes);
        using var journal = new Journal(_directory.Journals);
        await using var load = await Load.CreateAsync(journal, publishersOfEachKind: 1);
        await using var server = await ServerProcess.StartAsync(
            new ServerArguments(_directory.Data) { Options = ["--min-free", minimumFree, "--segment-bytes", "512KiB"] });
        await load.SubscribeAsync(server, _directory.Data, cancellation);
        _ = load.PublishAsync(int.MaxValue);
        await load.UntilAsync(load.AcknowledgementsAsync(Messages), server, cancellation);

        volume.Fill(megabytesLeft);
        var refusals = load.RefusalsAsync();
        await load.UntilAsync(refusals, server, cancellation);
        Assert.All(await refusals, reason => Assert.Equal(ReasonCode.ServerUnavailable, reason));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await HttpSide.ReadyAsync(server, cancellation));

        volume.Relieve();
        await load.UntilAsync(load.AcknowledgementsAsync(Messages), server, cancellation);
        Assert.Equal(HttpStatusCode.OK, await HttpSide.ReadyAsync(server, cancellation));
        await load.UntilAsync(load.DrainAsync(), server, cancellation);
        await server.TerminateAsync();

        var verdict = JournalChecker.Check(journal.Read());
        Assert.True(verdict.Violations.Count == 0, verdict.ToString());
    }

    [Fact]
    public async Task A_read_only_data_directory_is_refused_in_words()
    {
        using var volume = new TemporaryVolume(_directory.Data, VolumeMegabytes);
        volume.MakeReadOnly();

        var (exitCode, output) = await ServerProcess.RunToEndAsync(new ServerArguments(_directory.Data));

        AssertClearRefusal(exitCode, output);
    }

    [Fact]
    public async Task A_store_on_a_disk_that_became_read_only_is_refused_in_words()
    {
        using var volume = new TemporaryVolume(_directory.Data, 1024);
        await using (var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Data)))
        {
            await server.TerminateAsync();
        }

        volume.MakeReadOnly();
        var (exitCode, output) = await ServerProcess.RunToEndAsync(new ServerArguments(_directory.Data));

        AssertClearRefusal(exitCode, output);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_second_process_on_the_same_directory_is_refused_and_the_first_goes_on()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var first = await ServerProcess.StartAsync(new ServerArguments(_directory.Data));

        var (exitCode, output) = await ServerProcess.RunToEndAsync(new ServerArguments(_directory.Data));

        AssertClearRefusal(exitCode, output);
        Assert.Equal(HttpStatusCode.OK, await HttpSide.ReadyAsync(first, cancellation));
        await first.TerminateAsync();
    }

    private void AssertClearRefusal(int exitCode, string output)
    {
        Assert.InRange(exitCode, 1, 127);
        Assert.Contains(_directory.Data, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.InRange(output.Split('\n').Length, 1, 10);
    }
}
