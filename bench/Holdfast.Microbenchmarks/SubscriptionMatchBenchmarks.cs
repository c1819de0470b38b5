using System.Text;
using BenchmarkDotNet.Attributes;
using Holdfast.Broker.Subscriptions;
using Holdfast.Broker.Topics;

namespace Holdfast.Microbenchmarks;

/// <summary>What finding the receivers of a message costs. It must not depend on the number of filters, and a hit must allocate nothing.</summary>
[MemoryDiagnoser]
public class SubscriptionMatchBenchmarks
{
    private const int TopicsBeyondTheCache = 262_144;

    private readonly SubscriptionIndex<object> _index = new();
    private byte[][] _topics = [];
    private int _next;

    /// <summary>Filters, each of another device; three back ends see all of them.</summary>
    [Params(1_000, 100_000, 1_000_000)]
    public int Filters { get; set; }

    /// <summary>Fills the index.</summary>
    [GlobalSetup]
    public void Fill()
    {
        for (var number = 0; number < Filters; number++)
        {
            Add($"devices/device-{number}/commands/#", new object());
        }

        Add("devices/+/events/#", new object());
        Add("#", new object());
        Add("devices/device-1/events/temperature", new object());
        _topics = [.. Enumerable.Range(0, TopicsBeyondTheCache)
            .Select(number => Encoding.UTF8.GetBytes($"devices/device-{(long)number * 7919 % Filters}/commands/{number}"))];
    }

    /// <summary>A topic that was matched before.</summary>
    [Benchmark(Baseline = true)]
    public int Hit() => _index.Match("default"u8, "devices/device-1/events/temperature"u8).Subscribers.Length;

    /// <summary>A topic that the cache does not know.</summary>
    [Benchmark]
    public int Miss() => _index.Match("default"u8, _topics[_next++ % TopicsBeyondTheCache]).Subscribers.Length;

    /// <summary>A device that subscribes and leaves.</summary>
    [Benchmark]
    public void SubscribeAndLeave()
    {
        var subscriber = new object();
        var filter = Add("devices/visitor/commands/#", subscriber);
        _index.Remove("default"u8, filter, subscriber);
    }

    private TopicFilter Add(string text, object subscriber)
    {
        if (!TopicFilter.TryParse(text, out var filter, out var problem))
        {
            throw new InvalidOperationException(problem);
        }

        _index.AddOrReplace("default"u8, new Subscription<object>(filter, default, 0, null, subscriber));
        return filter;
    }
}
