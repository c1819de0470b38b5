using Holdfast.Broker.Connections;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Connections;

public sealed class PendingAcknowledgementsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_completes_in_any_order_goes_out_in_order_each_with_its_own_outcome(int seed)
    {
        var random = new Random(seed);
        var pending = new PendingAcknowledgements();
        var owed = new Queue<(ushort PacketId, ulong Token)>();
        var open = new List<(ushort PacketId, ulong Token)>();
        var done = new Dictionary<ushort, bool>();
        ushort next = 1;
        for (var step = 0; step < 30_000; step++)
        {
            switch (random.Next(5))
            {
                case <= 1:
                    var token = pending.Add(PacketType.PubAck, next);
                    if (random.Next(10) == 0)
                    {
                        pending.RemoveLast();
                        break;
                    }

                    owed.Enqueue((next, token));
                    open.Add((next, token));
                    next = next == ushort.MaxValue ? (ushort)1 : (ushort)(next + 1);
                    break;
                case <= 3 when open.Count > 0:
                    var index = random.Next(open.Count);
                    var isCommitted = random.Next(5) > 0;
                    pending.Complete(open[index].Token, isCommitted);
                    done[open[index].PacketId] = isCommitted;
                    open.RemoveAt(index);
                    break;
                default:
                    while (owed.TryPeek(out var expected) && done.Remove(expected.PacketId, out var outcome))
                    {
                        owed.Dequeue();
                        Assert.True(pending.TryTake(out var type, out var packetId, out var committed));
                        Assert.Equal((PacketType.PubAck, expected.PacketId, outcome), (type, packetId, committed));
                    }

                    Assert.False(pending.TryTake(out _, out _, out _));
                    break;
            }

            Assert.Equal(owed.Count, pending.Count);
        }
    }

    [Fact]
    public void It_is_full_at_its_limit()
    {
        var pending = new PendingAcknowledgements();
        for (var count = 0; count < PendingAcknowledgements.Maximum; count++)
        {
            Assert.False(pending.IsFull);
            pending.Complete(pending.Add(PacketType.PubRec, 1), true);
        }

        Assert.True(pending.IsFull);
        Assert.True(pending.TryTake(out _, out _, out _));
        Assert.False(pending.IsFull);
    }
}
