using Holdfast.Broker.Retained;
using Holdfast.Broker.Sessions;
using Holdfast.Broker.Subscriptions;
using Holdfast.Log.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Broker.Tests.Sessions;

/// <summary>What a session needs to exist, without a node.</summary>
internal static class SessionServicesFactory
{
    public static SessionServices Create(BrokerMetrics metrics, TimeProvider? time = null) => new()
    {
        Options = new BrokerOptions(),
        Log = new MemoryPartitionLog(4),
        Subscriptions = new SubscriptionIndex<LogSubscriber>(),
        Retained = new RetainedMessages(),
        Metrics = metrics,
        Time = time ?? TimeProvider.System,
        Logger = NullLogger.Instance,
    };
}
