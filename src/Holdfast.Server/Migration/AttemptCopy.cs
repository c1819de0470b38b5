using Holdfast.Log.Attempts;
using Holdfast.Log.Partitions;

namespace Holdfast.Server.Migration;

/// <summary>
/// Copies the journal of delivery attempts, so that events of before are traced in the cluster as they were. The chunks are numbered in the order in which they are read, which is the same
/// each time; so those that were copied before a migration was broken off are not stored twice.
/// </summary>
internal sealed class AttemptCopy(IAttemptStore source, IAttemptStore target, IPartitionLog log)
{
    private const int ChunksAtOnce = 200;

    private readonly List<AttemptChunk> _waiting = [];
    private long _attempts;

    /// <summary>Copies everything that the journal knows of what the log holds, and the losses of what it holds no longer.</summary>
    /// <returns>How many attempts that are, each event of a batch for itself.</returns>
    /// <exception cref="IOException">The journal cannot be read, or the database is not there.</exception>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        foreach (var chunk in await source.ReadLossesAsync(0, cancellationToken))
        {
            if (chunk.Bucket < FirstBucket(chunk.Partition))
            {
                await AddAsync(chunk);
            }
        }

        for (var partition = 0; partition < log.PartitionCount; partition++)
        {
            var end = log.CommittedOffset(partition);
            for (var bucket = FirstBucket(partition); bucket << AttemptChunk.BucketBits < end; bucket++)
            {
                foreach (var chunk in await source.ReadAsync(partition, bucket, null, cancellationToken))
                {
                    await AddAsync(chunk);
                }
            }
        }

        await WriteAsync();
        return _attempts;
    }

    private long FirstBucket(int partition) => log.FirstOffset(partition) >> AttemptChunk.BucketBits;

    private async ValueTask AddAsync(AttemptChunk chunk)
    {
        AttemptChunkReader.Read(chunk, (in Attempt _, long from, long to) => _attempts += to - from);
        _waiting.Add(chunk);
        if (_waiting.Count == ChunksAtOnce)
        {
            await WriteAsync();
        }
    }

    private async ValueTask WriteAsync()
    {
        await target.AppendAsync(_waiting, isFlushed: true);
        _waiting.Clear();
    }
}
