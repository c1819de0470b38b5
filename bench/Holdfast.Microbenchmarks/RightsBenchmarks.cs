using BenchmarkDotNet.Attributes;
using Holdfast.Broker.Access;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Topics;

namespace Holdfast.Microbenchmarks;

/// <summary>What it costs to judge a topic that is not the connection's last, and a filter.</summary>
[MemoryDiagnoser]
public class RightsBenchmarks
{
    private readonly Rights _device = Rights.OfDevice("acme", "pump-7", [new TopicRule("r", RuleAction.Publish, "groups/{device}/#"), new TopicRule("s", RuleAction.Subscribe, "map/#")]);
    private readonly Rights _backend = Rights.OfToken(Scopes.Publish | Scopes.Subscribe);
    private readonly byte[] _topic = "devices/pump-7/events/pressure"u8.ToArray();
    private readonly byte[] _byRule = "groups/pump-7/x"u8.ToArray();
    private readonly TopicFilter _filter = TopicFilter.TryParse("devices/pump-7/commands/#", out var filter, out _) ? filter : throw new InvalidOperationException();

    /// <summary>A device on its own topic.</summary>
    [Benchmark]
    public bool DevicePublishes() => _device.MayPublish(_topic);

    /// <summary>A device where a rule allows it.</summary>
    [Benchmark]
    public bool DevicePublishesByRule() => _device.MayPublish(_byRule);

    /// <summary>A back end.</summary>
    [Benchmark]
    public bool BackendPublishes() => _backend.MayPublish(_topic);

    /// <summary>A device to its commands.</summary>
    [Benchmark]
    public bool DeviceSubscribes() => _device.MaySubscribe(_filter);
}
