using System.Diagnostics;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Bench;

namespace Holdfast.Server.Tests.Bench;

public sealed class BenchPartsTests
{
    [Fact]
    public void Scenarios_are_laid_out_as_they_are_called()
    {
        BenchPlan ingest = Plan(BenchScenario.Ingest, 3, 5);
        Assert.Equal(["bench/r/0", "bench/r/1", "bench/r/2"], ingest.PublisherTopics);
        Assert.Empty(ingest.SubscriberFilters);

        BenchPlan one = Plan(BenchScenario.One, 3, 5);
        Assert.Equal(one.PublisherTopics, one.SubscriberFilters);
        Assert.Single(one.PublisherTopics);

        BenchPlan fanIn = Plan(BenchScenario.FanIn, 3, 1);
        Assert.Equal(3, fanIn.PublisherTopics.Count);
        Assert.Equal("bench/r/#", Assert.Single(fanIn.SubscriberFilters));

        BenchPlan fanOut = Plan(BenchScenario.FanOut, 3, 4);
        Assert.Single(fanOut.PublisherTopics);
        Assert.Equal(4, fanOut.SubscriberFilters.Count);
        Assert.Equal(4, fanOut.DeliveriesPerMessage);

        BenchPlan pairs = Plan(BenchScenario.Pairs, 3, 9);
        Assert.Equal(3, pairs.SubscriberFilters.Count);
        Assert.Equal(pairs.PublisherTopics, pairs.SubscriberFilters);
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce, 100, ProtocolVersion.Mqtt311)]
    [InlineData(QualityOfService.AtLeastOnce, 8, ProtocolVersion.Mqtt5)]
    [InlineData(QualityOfService.ExactlyOnce, 100_000, ProtocolVersion.Mqtt5)]
    [InlineData(QualityOfService.AtLeastOnce, 0, ProtocolVersion.Mqtt311)]
    public void A_template_gives_packets_that_the_codec_reads(QualityOfService qualityOfService, int payloadBytes, ProtocolVersion version)
    {
        var template = new PublishTemplate("a/b", qualityOfService, payloadBytes, version);
        byte[] bytes = new byte[template.Length];
        template.Write(bytes, 0x1234, 99);
        Assert.Equal(FrameStatus.Complete, PacketDecoder.TryReadHeader(bytes, uint.MaxValue, out FrameHeader header));
        Assert.Equal(bytes.Length, header.Length);
        Assert.True(PacketDecoder.TryDecodePublish(header.Flags, bytes.AsSpan(header.HeaderLength), version, out PublishPacket packet, out _));
        Assert.Equal("a/b"u8.ToArray(), packet.Topic.ToArray());
        Assert.Equal(qualityOfService, packet.QualityOfService);
        Assert.Equal(qualityOfService == QualityOfService.AtMostOnce ? 0 : 0x1234, packet.PacketId);
        Assert.Equal(payloadBytes, packet.Payload.Length);
        Assert.Equal(payloadBytes >= 8, PublishTemplate.TryReadTimestamp(packet.Payload, out long timestamp));
        Assert.Equal(payloadBytes >= 8 ? 99 : 0, timestamp);
    }

    [Fact]
    public void A_late_pacer_keeps_the_intended_times()
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
    }

    [Fact]
    public void The_usage_of_a_process_is_read_whatever_its_name()
    {
        const string Stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 9 9 20 0 12 0 1000 123456 777 18446744073709551615";
        ProcessUsage usage = ProcessUsage.Parse(Stat, "Name:\ta\nVmHWM:\t    2000 kB\nVmRSS:\t    1000 kB\n");
        Assert.Equal(TimeSpan.FromSeconds(3), usage.Cpu);
        Assert.Equal((1_024_000, 2_048_000), (usage.ResidentBytes, usage.PeakResidentBytes));
    }

    [Fact]
    public void This_process_has_used_something_and_none_has_nothing()
    {
        Assert.True(ProcessUsage.Read(Environment.ProcessId) is { ResidentBytes: > 0 });
        Assert.Null(ProcessUsage.Read(int.MaxValue));
    }

    [Fact]
    public void A_comparison_divides_the_first_by_the_second()
    {
        BenchResult a = Result() with { MessagesPerSecond = 300, BrokerCpuMicrosecondsPerMessage = 2, Latency = new LatencyResult(1, 3, 4, 5) };
        BenchResult b = Result() with { MessagesPerSecond = 100, BrokerCpuMicrosecondsPerMessage = 8, Latency = new LatencyResult(1, 6, 4, 5) };
        BenchComparison comparison = BenchComparison.Of(a, b);
        Assert.Equal((3, 0.25, 0.5), (comparison.ThroughputRatio, comparison.CpuRatio, comparison.P99Ratio));
        string text = BenchReport.Format(comparison);
        Assert.Contains("3 x", text, StringComparison.Ordinal);
        Assert.Contains("0.25 x", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_figures_there_is_no_ratio()
    {
        BenchComparison comparison = BenchComparison.Of(Result(), Result() with { MessagesPerSecond = 0 });
        Assert.Null(comparison.ThroughputRatio);
        Assert.Null(comparison.CpuRatio);
        Assert.Null(comparison.P99Ratio);
        Assert.Contains("messages/s", BenchReport.Format(comparison), StringComparison.Ordinal);
    }

    private static BenchPlan Plan(BenchScenario scenario, int publishers, int subscribers)
        => BenchPlan.Make(new BenchOptions { Scenario = scenario, Publishers = publishers, Subscribers = subscribers }, "r");

    private static BenchResult Result() => new()
    {
        Scenario = "one", Broker = "b", Qos = 0, PayloadBytes = 1, Window = 1, Publishers = 1, Subscribers = 1, Seconds = 1, Published = 1, Acknowledged = 1,
        Delivered = 1, MessagesPerSecond = 1, WorstSecond = 1, GeneratorCpuMicrosecondsPerMessage = 1, ConnectionsLost = 0,
    };
}
