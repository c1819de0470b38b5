using Holdfast.Log.Batches;
using Holdfast.Log.Records;

namespace Holdfast.Log.Tests.Batches;

public sealed class OpenBatchTests
{
    [Fact]
    public void Records_survive_growing_in_order_with_their_content()
    {
        using var open = new OpenBatch(initialBytes: 32);
        for (var i = 0; i < 1000; i++)
        {
            Add(open, i, receivedAt: 5000 - i);
        }

        Assert.Equal(1000, open.Count);
        Assert.Equal(1000 * SessionRecord.Size, open.Bytes);
        var batch = open.Seal(partition: 3, baseOffset: 70, epoch: 2);

        Assert.Equal((3, 70L, 2L, 1000, 1070L, 5000L), (batch.Partition, batch.BaseOffset, batch.Epoch, batch.Count, batch.NextOffset, batch.LastReceivedAtMilliseconds));
        var expected = 0;
        foreach (var record in batch)
        {
            Assert.Equal((ulong)expected, SessionRecord.Read(record).Session);
            Assert.Equal(70 + expected, record.Offset);
            expected++;
        }

        Assert.Equal(1000, expected);
        batch.Release();
    }

    [Fact]
    public void Sealing_empties_the_builder_and_the_next_batch_has_memory_of_its_own()
    {
        using var open = new OpenBatch();
        Add(open, 1, receivedAt: 10);
        var first = open.Seal(0, 0, 1);
        Assert.Equal((0, 0, 0L), (open.Count, open.Bytes, open.LastReceivedAtMilliseconds));

        Add(open, 2, receivedAt: 5);
        var second = open.Seal(0, 1, 1);

        Assert.Equal([1ul], Sessions(first));
        Assert.Equal([2ul], Sessions(second));
        Assert.Equal(5, second.LastReceivedAtMilliseconds);
        first.Release();
        second.Release();
    }

    [Fact]
    public void A_small_batch_does_not_hold_a_large_buffer()
    {
        using var open = new OpenBatch(initialBytes: 64 * 1024);
        Add(open, 1, receivedAt: 10);
        var small = open.Seal(0, 0, 1);
        Assert.InRange(small.MemoryBytes, SessionRecord.Size, 4 * SessionRecord.Size);
        Assert.Equal([1ul], Sessions(small));
        small.Release();
    }

    [Fact]
    public void An_empty_batch_cannot_be_sealed()
    {
        using var open = new OpenBatch();
        Add(open, 1, receivedAt: 10);
        open.Clear();
        Assert.Throws<InvalidOperationException>(() => open.Seal(0, 0, 1));
    }

    private static ulong[] Sessions(RecordBatch batch)
    {
        var sessions = new List<ulong>();
        foreach (var record in batch)
        {
            sessions.Add(SessionRecord.Read(record).Session);
        }

        return [.. sessions];
    }

    private static void Add(OpenBatch open, int session, long receivedAt)
        => new SessionRecord { Kind = RecordKind.ReceiptReleased, Session = (ulong)session, PacketId = 1, ReceivedAtMilliseconds = receivedAt }
            .WriteTo(open.Reserve(SessionRecord.Size, receivedAt));
}
