using Holdfast.Broker.Checkpoints;
using Holdfast.Broker.Sessions;
using Holdfast.Broker.Topics;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Sessions;

public sealed class ExchangesEncodingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Only_what_is_committed_comes_back(int seed)
    {
        var random = new Random(seed);
        using var metrics = new BrokerMetrics();
        var services = SessionServicesFactory.Create(metrics);
        var session = NewSession(services);
        session.AssignedThrough = random.Next(3) == 0 ? null : [random.NextInt64(), 0, long.MaxValue, 5];
        session.Outbound.Limit = 1000;
        var receipts = new List<(ushort, int)>();
        foreach (var packetId in Enumerable.Range(1, 200))
        {
            var state = (ReceiptState)random.Next(3);
            session.Receipts.Set((ushort)packetId, packetId % 4, state);
            if (state != ReceiptState.Committing)
            {
                receipts.Add(((ushort)packetId, packetId % 4));
            }
        }

        Assert.True(TopicFilter.TryParse("$share/group/#", out var filter, out _));
        var share = services.Shared.GetOrAdd("default", filter);
        DeliverySource[] sources = [DeliverySource.Log, DeliverySource.RetainedMessages, new DeliverySource(false, share)];
        var deliveries = new List<OutboundMessage>();
        for (var count = 0; count < 300; count++)
        {
            var state = (OutboundState)random.Next(1, 6);
            var qualityOfService = random.Next(4) == 0 ? QualityOfService.AtLeastOnce : QualityOfService.ExactlyOnce;
            session.Outbound.Add(random.Next(4), random.NextInt64(), qualityOfService, state, random.GetItems(sources, 1)[0], random.Next(2) == 0);
            if (qualityOfService == QualityOfService.ExactlyOnce && state != OutboundState.Assigning)
            {
                var message = session.Outbound[session.Outbound.Places - 1];
                message.State = state == OutboundState.Released ? OutboundState.Released : OutboundState.Sent;
                deliveries.Add(message);
            }
        }

        var restored = NewSession(services);
        ExchangesEncoding.Decode(ExchangesEncoding.Encode(session), restored, services);
        Assert.Equal(session.AssignedThrough, restored.AssignedThrough);
        Assert.Equal(receipts.Order(), restored.Receipts.Committed.Order());
        Assert.Equal(deliveries, Enumerable.Range(0, restored.Outbound.Places).Select(place => restored.Outbound[place]));
    }

    [Fact]
    public void A_format_of_the_future_is_refused()
    {
        using var metrics = new BrokerMetrics();
        var services = SessionServicesFactory.Create(metrics);
        var session = NewSession(services);
        var bytes = ExchangesEncoding.Encode(session);
        bytes[0]++;
        Assert.Throws<InvalidDataException>(() => ExchangesEncoding.Decode(bytes, session, services));
    }

    private static Session NewSession(SessionServices services) => new(services, 1, "default", "client");
}
