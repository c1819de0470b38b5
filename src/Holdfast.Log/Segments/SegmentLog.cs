using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Segments.Files;
using Holdfast.Log.Segments.Format;
using Holdfast.Log.Segments.Reading;
using Holdfast.Log.Segments.Recovery;
using Holdfast.Log.Segments.Writing;
using Microsoft.Extensions.Logging;

namespace Holdfast.Log.Segments;

// Locking. The commit thread alone writes: it publishes a batch to the tail cache, then to the index, then moves the committed offset, which is
// what readers look at first. Readers take a snapshot of the segments and open files of their own, so retention and sealing never wait for
// them. The list of segments changes under its own lock; sealing and retention run one after the other in the background.

/// <summary>
/// The log in segment files that all partitions share. <see cref="AppendAsync"/> runs on the calling thread: one write, one flush, and it is
/// complete when it returns.
/// </summary>
public sealed class SegmentLog : IPartitionLog
{
    private const long MaximumGroupBytes = SegmentLogOptions.MaximumSegmentBytes;

    /// <summary>A reader with keys that has at most so many records before it reads them all.</summary>
    private const int NearlyThere = 4096;

    private readonly SegmentLogOptions _options;
    private readonly StoreFiles _files;
    private readonly IDisposable _lock;
    private readonly SegmentList _list;
    private readonly SegmentReader _reader;
    private readonly SegmentFactory _factory;
    private readonly SegmentMaintenance _maintenance;
    private readonly TailCache _tail;
    private readonly DiskRoom _room;
    private readonly DamageReport _damage;
    private readonly long[] _committed;
    private readonly long[] _seenInGroup;
    private SegmentWriter _writer;
    private long _groups;
    private FlushFailedException? _failure;
    private bool _disposed;

    private SegmentLog(SegmentLogOptions options, StoreFiles files, IDisposable directoryLock)
    {
        _options = options;
        _files = files;
        _lock = directoryLock;
        _damage = new DamageReport(options.Logger);
        _room = new DiskRoom(files.System, options);
        _factory = new SegmentFactory(files, _room, options.SegmentBytes);
        _tail = new TailCache(files.PartitionCount, options.TailCacheBytes);
        _seenInGroup = new long[files.PartitionCount];

        var found = new StoreOpener(files, _damage, options.Logger).Open();
        _committed = found.NextOffsets;
        _writer = _factory.Begin(found.NextSequence, [.. _committed]);
        _list = new SegmentList([.. found.Segments, _writer.Segment]);

        var cache = new IndexCache(options.IndexCacheBytes);
        var indexes = new SegmentIndexes(files, cache, _damage, options.Logger);
        _reader = new SegmentReader(files, _list, indexes, _tail, _damage);
        _maintenance = new SegmentMaintenance(files, _list, indexes, cache, _room, options);
        CompleteOldSegments();
        _factory.Prepare(_writer.Segment.Sequence + 1);
    }

    /// <inheritdoc/>
    public string Incarnation => Incarnations.Current;

    /// <inheritdoc/>
    public Incarnations Incarnations => _files.Metadata.Incarnations;

    /// <inheritdoc/>
    public int PartitionCount => _files.PartitionCount;

    /// <summary>Opens the log in a directory, and makes it when there is none.</summary>
    /// <param name="options">Where it lies.</param>
    /// <param name="cancellationToken">Gives up before anything is done.</param>
    /// <exception cref="StoreInUseException">Another process has it open.</exception>
    /// <exception cref="StoreUnusableException">The directory is missing, may not be written, or holds something else than the options say.</exception>
    public static Task<SegmentLog> OpenAsync(SegmentLogOptions options, CancellationToken cancellationToken = default)
        => OpenAsync(options, DiskFileSystem.Instance, cancellationToken);

    internal static Task<SegmentLog> OpenAsync(SegmentLogOptions options, ISegmentFileSystem system, CancellationToken cancellationToken)
    {
        options.Validate();
        return Task.Run(() => Open(options with { Directory = Path.GetFullPath(options.Directory) }, system), cancellationToken);
    }

    /// <inheritdoc/>
    public long FirstOffset(int partition) => _list.Current[0].BaseOffsets[partition];

    /// <inheritdoc/>
    public long CommittedOffset(int partition) => Volatile.Read(ref _committed[partition]);

    /// <inheritdoc/>
    public OffsetRange FindReceived(int partition, long fromMilliseconds, long toMilliseconds)
    {
        // Looked at before the segments: what was committed by then is in their times of receipt.
        var committed = CommittedOffset(partition);
        var range = _list.FindReceived(partition, fromMilliseconds, toMilliseconds);
        return new OffsetRange(Math.Min(range.From, committed), Math.Min(range.To, committed));
    }

    /// <inheritdoc/>
    public ValueTask<AppendStatus> AppendAsync(ReadOnlyMemory<RecordBatch> group)
    {
        ThrowIfUnusable();
        var batches = group.Span;
        if (batches.IsEmpty)
        {
            return ValueTask.FromResult(AppendStatus.Appended);
        }

        Verify(batches);
        return ValueTask.FromResult(TryWrite(batches) ? AppendStatus.Appended : AppendStatus.Full);
    }

    /// <inheritdoc/>
    public ValueTask<LogRead> ReadAsync(
        int partition, long fromOffset, IReadOnlySet<ulong>? keys, int maximumBytes, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(fromOffset);
        var committed = CommittedOffset(partition);
        if (fromOffset >= committed)
        {
            return ValueTask.FromResult(new LogRead { Batches = [], NextOffset = committed });
        }

        // A reader that is nearly there is served from memory; one that is far behind skips by its keys. What retention removed is not served.
        var mayServeTail = (keys is null || committed - fromOffset <= NearlyThere) && fromOffset >= FirstOffset(partition);
        if (mayServeTail && _tail.TryRead(partition, fromOffset, committed, maximumBytes) is { } recent)
        {
            return ValueTask.FromResult(new LogRead { Batches = recent, NextOffset = recent[^1].NextOffset });
        }

        return new ValueTask<LogRead>(Task.Run(
            () => _reader.Read(partition, fromOffset, committed, keys, maximumBytes, cancellationToken), cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<RetentionResult> ApplyRetentionAsync(
        RetentionPolicy policy, ReadOnlyMemory<long> appliedOffsets, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        return await _maintenance.ApplyAsync(policy, appliedOffsets.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public LogStatistics GetStatistics()
    {
        var segments = _list.Current;
        return new LogStatistics(segments.Length, segments.Sum(s => s.Bytes), _room.FreeBytes, _damage.Records);
    }

    /// <summary>Closes the log in order: the newest segment is sealed, so that the next start has nothing to scan.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_failure is null)
        {
            Close();
        }
        else
        {
            _factory.ClosePrepared();
            _writer.Dispose();
        }

        await _maintenance.WhenIdleAsync().ConfigureAwait(false);
        _tail.Dispose();
        _lock.Dispose();
    }

    /// <summary>See <see cref="RestoredDirectory"/>. This log goes on in its own life; it is closed next.</summary>
    internal Incarnations BeginNewLife()
    {
        var next = _files.Metadata.Next([.. Enumerable.Range(0, PartitionCount).Select(CommittedOffset)]);
        next.Save(_files.System, _files.Directory);
        return next.Incarnations;
    }

    private static SegmentLog Open(SegmentLogOptions options, ISegmentFileSystem system)
    {
        IDisposable? directoryLock = null;
        try
        {
            system.CreateDirectory(options.Directory);
            var lockPath = Path.Combine(options.Directory, SegmentNames.Lock);
            directoryLock = system.TryLock(lockPath) ?? throw new StoreInUseException(options.Directory, system.ReadLockHolder(lockPath));
            var metadata = StoreOpener.OpenMetadata(system, options);
            return new SegmentLog(options, new StoreFiles(system, options.Directory, metadata), directoryLock);
        }
        catch (Exception error)
        {
            directoryLock?.Dispose();
            if (error is (IOException or UnauthorizedAccessException) and not (StoreInUseException or StoreUnusableException))
            {
                throw new StoreUnusableException($"The log in {options.Directory} cannot be opened: {error.Message}", error);
            }

            throw;
        }
    }

    private void CompleteOldSegments()
    {
        var segments = _list.Current;
        for (var i = 0; i + 1 < segments.Length; i++)
        {
            if (segments[i].Header is null && segments[i].Memory is null)
            {
                _maintenance.Complete(segments[i], segments[i + 1]);
            }
        }
    }

    private void Verify(ReadOnlySpan<RecordBatch> group)
    {
        _groups++;
        long bytes = 0;
        foreach (var batch in group)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)batch.Partition, (uint)PartitionCount, nameof(group));
            if (batch.BaseOffset != _committed[batch.Partition] || _seenInGroup[batch.Partition] == _groups || batch.Count < 1)
            {
                throw new ArgumentException(
                    $"Partition {batch.Partition}: a batch of {batch.Count} begins at {batch.BaseOffset}; one batch is expected, at {_committed[batch.Partition]}.",
                    nameof(group));
            }

            _seenInGroup[batch.Partition] = _groups;
            bytes += BatchHeader.LengthInFile(batch.Body.Length);
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, MaximumGroupBytes, nameof(group));
    }

    private bool TryWrite(ReadOnlySpan<RecordBatch> group)
    {
        try
        {
            if (!_room.HasRoomFor(_writer.MissingRoom(_writer.LengthOf(group))))
            {
                return false;
            }

            if (_writer.End > 0 && _writer.End + _writer.LengthOf(group) > _options.SegmentBytes)
            {
                BeginNextSegment();
            }
        }
        catch (IOException error) when (DiskErrors.IsFull(error))
        {
            _room.NoteFull();
            return false;
        }
        catch (IOException error)
        {
            throw Fail("A new segment could not be made", error);
        }

        return TryCommit(group);
    }

    private bool TryCommit(ReadOnlySpan<RecordBatch> group)
    {
        try
        {
            _writer.Write(group);
        }
        catch (IOException error) when (DiskErrors.IsFull(error))
        {
            RollBack(error);
            _room.NoteFull();
            return false;
        }
        catch (IOException error)
        {
            throw Fail("The log could not be written", error);
        }

        try
        {
            _writer.Flush();
        }
        catch (IOException error)
        {
            throw Fail("The disk did not confirm a flush of the log", error);
        }

        Publish(group);
        return true;
    }

    private void RollBack(IOException cause)
    {
        try
        {
            _writer.RollBack();
        }
        catch (IOException error)
        {
            throw Fail($"The disk is full ({cause.Message}), and what had been written could not be taken back", error);
        }
    }

    private void Publish(ReadOnlySpan<RecordBatch> group)
    {
        _writer.Commit(group);
        foreach (var batch in group)
        {
            _tail.Add(batch);
        }

        foreach (var batch in group)
        {
            Volatile.Write(ref _committed[batch.Partition], batch.NextOffset);
        }
    }

    private void BeginNextSegment()
    {
        var next = _factory.Begin(_writer.Segment.Sequence + 1, [.. _committed]);
        var full = _writer;
        _list.Append(next.Segment);
        _writer = next;
        _maintenance.Seal(full);
        _factory.Prepare(next.Segment.Sequence + 1);
    }

    private FlushFailedException Fail(string what, IOException error)
    {
        var failure = new FlushFailedException($"{what} in {_options.Directory}: {error.Message} What is stored is unknown; the process must end.", error);
        Volatile.Write(ref _failure, failure);
        _options.Logger.LogCritical(error, "{Message}", failure.Message);
        return failure;
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw new FlushFailedException(failure.Message, failure);
        }
    }

    private void Close()
    {
        _factory.DiscardPrepared();
        if (_writer.End > 0)
        {
            _maintenance.Seal(_writer);
        }
        else
        {
            _writer.Dispose();
            _files.System.Delete(SegmentNames.Segment(_files.Directory, _writer.Segment.Sequence));
        }
    }
}
