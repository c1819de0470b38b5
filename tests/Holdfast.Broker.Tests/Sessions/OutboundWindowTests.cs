using Holdfast.Broker.Sessions;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Sessions;

public sealed class OutboundWindowTests
{
    [Fact]
    public void Packet_identifiers_go_up_to_65_535_and_begin_again_at_1_without_meeting_one_in_use()
    {
        var window = new OutboundWindow { Limit = 10 };
        var kept = Add(window);
        Assert.Equal(1, kept);
        for (var expected = 2; expected <= ushort.MaxValue; expected++)
        {
            var packetId = Add(window);
            Assert.Equal(expected, packetId);
            window.Finish(window.Find(packetId));
            if (expected == 40_000)
            {
                // Else its place would keep the places of all others.
                window.Finish(window.Find(kept));
                kept = Add(window);
                Assert.Equal(++expected, kept);
            }
        }

        Assert.Equal(1, Add(window));
    }

    [Fact]
    public void A_packet_identifier_in_use_is_passed_over_after_a_full_turn()
    {
        var window = new OutboundWindow { Limit = ushort.MaxValue };
        for (var count = 0; count < ushort.MaxValue; count++)
        {
            Add(window);
        }

        foreach (var packetId in (ushort[])[1, 2, 4])
        {
            window.Finish(window.Find(packetId));
        }

        Assert.Equal([1, 2, 4], [Add(window), Add(window), Add(window)]);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 64)]
    [InlineData(3, 1000)]
    public void It_agrees_with_a_list(int seed, int limit)
    {
        var random = new Random(seed);
        var window = new OutboundWindow { Limit = limit };
        var messages = new List<(ushort PacketId, int Partition, long Offset, bool Counts)>();
        long offset = 0;
        for (var step = 0; step < 30_000; step++)
        {
            if (!window.IsFull && random.Next(100) < 52)
            {
                var partition = random.Next(3);
                var retained = random.Next(5) == 0;
                var qualityOfService = random.Next(2) == 0 ? QualityOfService.AtLeastOnce : QualityOfService.ExactlyOnce;
                var packetId = window.Add(partition, ++offset, qualityOfService, OutboundState.Sent, new DeliverySource(retained, null), retained);
                Assert.DoesNotContain(messages, message => message.PacketId == packetId);
                messages.Add((packetId, partition, offset, !retained));
            }
            else if (messages.Count > 0)
            {
                // Mostly the oldest, as clients do, else any.
                var index = random.Next(3) > 0 ? 0 : random.Next(messages.Count);
                var place = window.Find(messages[index].PacketId);
                Assert.Equal(messages[index].Offset, window[place].Offset);
                window.Finish(place);
                Assert.Equal(-1, window.Find(messages[index].PacketId));
                messages.RemoveAt(index);
            }

            Assert.Equal(messages.Count, window.Count);
            Assert.InRange(window.Places, messages.Count, limit);
            if (step % 50 == 0)
            {
                AssertSame(messages, window, offset);
            }
        }
    }

    [Fact]
    public void A_message_that_is_put_back_takes_the_place_of_one_with_its_packet_identifier()
    {
        var window = new OutboundWindow { Limit = 10 };
        Add(window);
        Add(window);
        window.Restore(new OutboundMessage { PacketId = 1, Offset = 99, State = OutboundState.Sent, QualityOfService = QualityOfService.ExactlyOnce });
        Assert.Equal(2, window.Count);
        Assert.Equal(99, window[window.Find(1)].Offset);
        Assert.Equal(3, AddAfter(window, 2));
    }

    [Fact]
    public void More_than_the_limit_may_wait_but_not_be_sent()
    {
        var window = new OutboundWindow { Limit = 10 };
        for (var count = 0; count < 10; count++)
        {
            window.Add(0, count, QualityOfService.AtLeastOnce, OutboundState.Ready, DeliverySource.Log, false);
        }

        window.Limit = 2;
        Assert.True(window.MaySendAnother);
        window[0].State = OutboundState.Sent;
        Assert.True(window.MaySendAnother);
        window[1].State = OutboundState.Released;
        Assert.False(window.MaySendAnother);
        window.Finish(1);
        Assert.True(window.MaySendAnother);
    }

    private static void AssertSame(List<(ushort PacketId, int Partition, long Offset, bool Counts)> messages, OutboundWindow window, long end)
    {
        var inOrder = new List<long>();
        for (var place = 0; place < window.Places; place++)
        {
            if (window[place].State != OutboundState.Done)
            {
                inOrder.Add(window[place].Offset);
            }
        }

        Assert.Equal(messages.Select(message => message.Offset), inOrder);
        long[] positions = [end + 1, end + 1, end + 1];
        window.LowerToUnconfirmed(positions);
        for (var partition = 0; partition < 3; partition++)
        {
            var expected = messages.Where(message => message.Counts && message.Partition == partition).Select(message => message.Offset).DefaultIfEmpty(end + 1).Min();
            Assert.Equal(expected, positions[partition]);
        }
    }

    private static ushort Add(OutboundWindow window) => window.Add(0, 0, QualityOfService.AtLeastOnce, OutboundState.Sent, DeliverySource.Log, false);

    private static ushort AddAfter(OutboundWindow window, ushort last)
    {
        window.Restore(new OutboundMessage { PacketId = last, State = OutboundState.Sent, QualityOfService = QualityOfService.ExactlyOnce });
        return Add(window);
    }
}
