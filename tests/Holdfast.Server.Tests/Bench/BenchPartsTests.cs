using System.Diagnostics;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Bench;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Load;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Tests.Bench;

public sealed class BenchPartsTests
{
    [Fact]
    public void Scenarios_are_laid_out_as_they_are_called()
    {
        BenchPlan ingest = Plan(BenchScenario.Ingest, 3, 5);
        Assert.Equal(["bench/r/0", "bench/r/1", "bench/r/2"], ingest.Publishers.Select(publisher => publisher.Topic));
        Assert.Empty(ingest.Subscribers);

        BenchPlan one = Plan(BenchScenario.One, 3, 5);
        Assert.Equal(Assert.Single(one.Publishers).Topic, Assert.Single(one.Subscribers).Filter);

        BenchPlan fanIn = Plan(BenchScenario.FanIn, 3, 1);
        Assert.Equal(3, fanIn.Publishers.Count);
        Assert.Equal("bench/r/#", Assert.Single(fanIn.Subscribers).Filter);

        BenchPlan fanOut = Plan(BenchScenario.FanOut, 3, 4);
        Assert.Equal((1, 4, 4), (fanOut.Publishers.Count, fanOut.Subscribers.Count, fanOut.DeliveriesPerMessage));

        BenchPlan pairs = Plan(BenchScenario.Pairs, 3, 9);
        Assert.Equal(pairs.Publishers.Select(publisher => publisher.Topic), pairs.Subscribers.Select(subscriber => subscriber.Filter));

        BenchPlan shared = Plan(BenchScenario.Shared, 3, 4);
        Assert.Equal("$share/bench-r/bench/r/#", Assert.Single(shared.Subscribers.Select(subscriber => subscriber.Filter).Distinct()));
        Assert.Equal((4, 1), (shared.Subscribers.Count, shared.DeliveriesPerMessage));
    }

    [Fact]
    public void The_mixed_scenario_has_every_quality_with_every_size_and_some_that_get_everything()
    {
        BenchPlan mixed = Plan(BenchScenario.Mixed, 12, 2);
        Assert.Equal(12, mixed.Publishers.Select(publisher => (publisher.QualityOfService, publisher.PayloadBytes)).Distinct().Count());
        Assert.Equal(14, mixed.Subscribers.Count);
        Assert.Equal(2, mixed.Subscribers.Count(subscriber => subscriber.Filter == "bench/r/#"));
        Assert.Equal(3, mixed.DeliveriesPerMessage);
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce, 100, ProtocolVersion.Mqtt311)]
    [InlineData(QualityOfService.AtLeastOnce, 8, ProtocolVersion.Mqtt5)]
    [InlineData(QualityOfService.ExactlyOnce, 100_000, ProtocolVersion.Mqtt5)]
    [InlineData(QualityOfService.AtLeastOnce, 0, ProtocolVersion.Mqtt311)]
    public void A_template_gives_packets_that_the_codec_reads(QualityOfService qualityOfService, int payloadBytes, ProtocolVersion version)
    {
        var template = new PublishTemplate(new PublisherPlan("a/b", qualityOfService, payloadBytes), version, retain: payloadBytes == 8);
        byte[] bytes = new byte[template.Length];
        template.Write(bytes, 0x1234, 98);
        template.Stamp(bytes, 99);
        Assert.Equal(FrameStatus.Complete, PacketDecoder.TryReadHeader(bytes, uint.MaxValue, out FrameHeader header));
        Assert.Equal(bytes.Length, header.Length);
        Assert.True(PacketDecoder.TryDecodePublish(header.Flags, bytes.AsSpan(header.HeaderLength), version, out PublishPacket packet, out _));
        Assert.Equal("a/b"u8.ToArray(), packet.Topic.ToArray());
        Assert.Equal(qualityOfService, packet.QualityOfService);
        Assert.Equal(qualityOfService == QualityOfService.AtMostOnce ? 0 : 0x1234, packet.PacketId);
        Assert.Equal(payloadBytes, packet.Payload.Length);
        Assert.Equal(payloadBytes == 8, packet.Retain);
        Assert.Equal(payloadBytes >= 8, PublishTemplate.TryReadTimestamp(packet.Payload, out long timestamp));
        Assert.Equal(payloadBytes >= 8 ? 99 : 0, timestamp);
    }

    [Fact]
    public void A_late_pacer_keeps_the_intended_times_and_tells_how_late_it_was()
    {
        var pacer = new BenchPacer(1000, startedAt: 0);
        long millisecond = Stopwatch.Frequency / 1000;
        Assert.True(pacer.TryTakeDue(0, out long index, out long intended));
        Assert.Equal((0, 0), (index, intended));
        Assert.False(pacer.TryTakeDue(millisecond - 1, out _, out _));

        // The generator was away for ten milliseconds: ten messages are due, each at its own time.
        var taken = new List<long>();
        while (pacer.TryTakeDue(10 * millisecond, out _, out intended))
        {
            taken.Add(intended);
        }

        Assert.Equal(Enumerable.Range(1, 10).Select(count => count * millisecond), taken);
        Assert.Equal(TimeSpan.FromMilliseconds(9), pacer.Lateness.Maximum);
        Assert.Equal(11, pacer.Lateness.Count);
    }

    [Fact]
    public void The_usage_of_a_process_is_read_whatever_its_name()
    {
        const string Stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 9 9 20 0 12 0 1000 123456 777 18446744073709551615";
        ProcessUsage usage = ProcessUsage.Parse(Stat, "Name:\ta\nVmHWM:\t    2000 kB\nVmRSS:\t    1000 kB\nThreads:\t12\n");
        Assert.Equal(new ProcessUsage(TimeSpan.FromSeconds(3), 1_024_000, 12), usage);
    }

    [Fact]
    public void This_process_has_used_something_and_none_has_nothing()
    {
        Assert.True(ProcessUsage.Read(Environment.ProcessId) is { ResidentBytes: > 0, Threads: > 0 });
        Assert.True(ProcessUsage.CountOpenFiles(Environment.ProcessId) > 0);
        Assert.Null(ProcessUsage.Read(int.MaxValue));
        Assert.Null(ProcessUsage.CountOpenFiles(int.MaxValue));
    }

    [Fact]
    public void The_busy_time_of_the_machine_leaves_out_idling_and_waiting()
    {
        Assert.Equal(TimeSpan.FromSeconds(1 + 2 + 3 + 6 + 7), MachineUsage.ParseBusy("cpu  100 200 300 40000 50000 600 700 80000 90000 100000"));
        Assert.Null(MachineUsage.ParseBusy("cpu0 1 2 3 4 5 6 7 8 9"));
        Assert.True(MachineUsage.ReadBusy() > TimeSpan.Zero);
    }

    [Fact]
    public void A_directory_is_added_up_with_all_below_it()
    {
        string directory = Directory.CreateTempSubdirectory().FullName;
        Directory.CreateDirectory(Path.Combine(directory, "below"));
        File.WriteAllBytes(Path.Combine(directory, "a"), new byte[10]);
        File.WriteAllBytes(Path.Combine(directory, "below", ".b"), new byte[5]);
        Assert.Equal(new DirectoryUsage(15, 2), DirectoryUsage.Read(directory));
        Directory.Delete(directory, recursive: true);
        Assert.Equal(default, DirectoryUsage.Read(directory));
    }

    [Fact]
    public void A_process_that_may_not_open_so_many_files_is_told_what_to_do()
    {
        const string Limits = "Limit                     Soft Limit           Hard Limit           Units\nMax open files            20000                20000                files\n";
        Assert.Equal(20_000, OpenFileLimit.Parse(Limits));
        Assert.Null(OpenFileLimit.Parse(Limits.Replace("20000", "unlimited", StringComparison.Ordinal)));
        OpenFileLimit.Check(19_800, 20_000, "this process");
        OpenFileLimit.Check(1_000_000, null, "this process");
        BenchException failure = Assert.Throws<BenchException>(() => OpenFileLimit.Check(19_801, 20_000, "this process"));
        Assert.Equal(
            "19801 connections need 20001 open files, and this process may open 20000; raise its limit (ulimit -n 20001) or ask for at most 19800 connections",
            failure.Message);
    }

    [Fact]
    public void Errors_are_counted_by_reason_the_most_frequent_first()
    {
        var errors = new BenchErrors();
        Assert.Empty(errors.ToList());
        errors.Add("seldom");
        errors.Add("often");
        errors.Add("often");
        Assert.Equal([new BenchError("often", 2), new BenchError("seldom", 1)], errors.ToList());
    }

    [Theory]
    [InlineData(1.0, 5.0, 5.0, 5.0)]
    [InlineData(0.25, 8.0, 0.0, 0.0, 0.0)]
    public void Fairness_is_one_when_all_get_the_same_and_a_share_when_one_gets_all(double expected, params double[] values)
        => Assert.Equal(expected, BenchSummary.FairnessOf(values));

    private static BenchPlan Plan(BenchScenario scenario, int publishers, int subscribers)
        => BenchPlan.Make(new BenchOptions { Scenario = scenario, Publishers = publishers, Subscribers = subscribers }, "r");
}
