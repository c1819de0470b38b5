using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Log.TestKit;

/// <summary>Batches whose content follows from their place, so that a reader can tell whether it got the right bytes.</summary>
public static class TestBatches
{
    /// <summary>A batch of publish records.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="baseOffset">The offset of the first record.</param>
    /// <param name="count">The number of records.</param>
    /// <param name="payloadBytes">The size of each payload.</param>
    /// <param name="receivedAtMilliseconds">The time of receipt.</param>
    /// <param name="keyOf">The key hash of the record at an offset; by default the offset modulo 10.</param>
    public static RecordBatch Make(
        int partition, long baseOffset, int count = 1, int payloadBytes = 20, long receivedAtMilliseconds = 1, Func<long, ulong>? keyOf = null)
    {
        using var open = new OpenBatch(1024);
        for (var offset = baseOffset; offset < baseOffset + count; offset++)
        {
            var record = new PublishRecord
            {
                Product = "default"u8,
                Publisher = "test"u8,
                Topic = "devices/1/events/e"u8,
                Payload = Payload(partition, offset, payloadBytes),
                QualityOfService = 1,
                KeyHash = keyOf is null ? (ulong)(offset % 10) : keyOf(offset),
                ReceivedAtMilliseconds = receivedAtMilliseconds,
            };
            record.WriteTo(open.Reserve(record.Size, receivedAtMilliseconds));
        }

        return open.Seal(partition, baseOffset, epoch: 1);
    }

    /// <summary>The payload of a record made by <see cref="Make"/>. It has no zeros.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The offset.</param>
    /// <param name="payloadBytes">The size.</param>
    public static byte[] Payload(int partition, long offset, int payloadBytes)
    {
        var payload = new byte[payloadBytes];
        var state = ((ulong)offset * 2654435761 + (ulong)partition + 1) | 1;
        for (var i = 0; i < payload.Length; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            payload[i] = (byte)(state % 255 + 1);
        }

        return payload;
    }

    /// <summary>Asserts that every record of a batch has the content that <see cref="Make"/> gave it.</summary>
    /// <param name="batch">The batch.</param>
    public static void AssertContent(RecordBatch batch)
    {
        var expected = batch.BaseOffset;
        foreach (var record in batch)
        {
            Assert.Equal(expected++, record.Offset);
            var payload = PublishRecord.Read(record).Payload;
            Assert.True(payload.SequenceEqual(Payload(batch.Partition, record.Offset, payload.Length)), $"The content of offset {record.Offset} differs.");
        }

        Assert.Equal(batch.NextOffset, expected);
    }

    /// <summary>Appends one batch to each of some partitions, in one group.</summary>
    /// <param name="log">The log.</param>
    /// <param name="count">Records in each batch.</param>
    /// <param name="partitions">The partitions.</param>
    public static ValueTask<AppendStatus> AppendAsync(IPartitionLog log, int count, params int[] partitions)
        => AppendAsync(log, [.. partitions.Select(p => Make(p, log.CommittedOffset(p), count))]);

    /// <summary>Appends batches in one group, and gives the caller's references back.</summary>
    /// <param name="log">The log.</param>
    /// <param name="group">The batches.</param>
    public static async ValueTask<AppendStatus> AppendAsync(IPartitionLog log, RecordBatch[] group)
    {
        try
        {
            return await log.AppendAsync(group);
        }
        finally
        {
            foreach (var batch in group)
            {
                batch.Release();
            }
        }
    }
}
