using System.Buffers;
using System.IO.Pipelines;
using Holdfast.Broker.Connections;
using Holdfast.Transport.Channels;

namespace Holdfast.Transport;

/// <summary>
/// Packets into a connection's _pipe. The pipe allows one writer and one flush at a time, so while a flush is under way what is written goes
/// to the side, and into the pipe afterwards. The pipe's threshold is one byte: a flush that does not complete means that the kernel takes
/// no more, which is what "clogged" says.
/// </summary>
/// <param name="channel">
/// Where the bytes go. When the broker closes the connection its pending read is cancelled, since a silent peer would not end it, and its sending side ends when
/// everything before the close was sent.
/// </param>
internal sealed class PipePacketOutput(NetworkChannel channel) : PacketOutput
{
    /// <summary>So much may wait at the side before the output counts as clogged, in bytes.</summary>
    private const int SideLimit = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly PipeWriter _pipe = channel.Output;
    private byte[] _side = [];
    private int _sideLength;
    private int _unflushed;
    private bool _flushing;
    private bool _flushPending;
    private bool _closing;
    private bool _ended;
    private TaskCompletionSource? _closed;
    private TaskCompletionSource? _drained;
    private TaskCompletionSource? _idle;

    /// <inheritdoc/>
    public override bool IsClogged => Volatile.Read(ref _flushPending) || Volatile.Read(ref _sideLength) > SideLimit;

    /// <inheritdoc/>
    public override int UnflushedBytes => Volatile.Read(ref _unflushed);

    /// <inheritdoc/>
    public override Span<byte> BeginWrite(int size)
    {
        _lock.Enter();
        if (_ended || _closing)
        {
            return [];
        }

        if (!_flushing)
        {
            return _pipe.GetSpan(size);
        }

        if (_side.Length < _sideLength + size)
        {
            GrowSide(_sideLength + size);
        }

        return _side.AsSpan(_sideLength);
    }

    /// <inheritdoc/>
    public override void EndWrite(int written)
    {
        if (written > 0 && _flushing)
        {
            _sideLength += written;
        }
        else if (written > 0)
        {
            _pipe.Advance(written);
            _unflushed += written;
        }

        _lock.Exit();
    }

    /// <inheritdoc/>
    public override Task WhenDrainedAsync()
    {
        lock (_lock)
        {
            return IsClogged && !_ended
                ? (_drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task
                : Task.CompletedTask;
        }
    }

    /// <summary>Completes when the broker has closed the connection.</summary>
    public Task WhenClosedAsync()
    {
        lock (_lock)
        {
            return _closing ? Task.CompletedTask : (_closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <inheritdoc/>
    public override void Close()
    {
        lock (_lock)
        {
            if (_closing || _ended)
            {
                return;
            }

            _closing = true;
            _unflushed = 0;
            _closed?.SetResult();

            // Elsewhere: the reader would go on right here, on the thread that delivers to all.
            ThreadPool.UnsafeQueueUserWorkItem(static input => input.CancelPendingRead(), channel.Input, preferLocal: false);
            if (_flushing)
            {
                return;
            }

            _flushing = true;
        }

        FlushUntilEmpty();
    }

    /// <summary>The connection has ended: nothing is written any more.</summary>
    /// <returns>Completes when no flush is under way.</returns>
    public Task EndAsync()
    {
        lock (_lock)
        {
            EndInsideLock();
            return _flushing ? (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    /// <inheritdoc/>
    protected override void FlushCore()
    {
        lock (_lock)
        {
            if (_flushing || _ended || _unflushed == 0)
            {
                return;
            }

            _flushing = true;
            _unflushed = 0;
        }

        FlushUntilEmpty();
    }

    private void FlushUntilEmpty()
    {
        do
        {
            ValueTask<FlushResult> flush;
            try
            {
                flush = _pipe.FlushAsync();
            }
            catch (InvalidOperationException)
            {
                // The connection has completed its _pipe.
                OnFlushed(isOver: true);
                return;
            }

            if (!flush.IsCompletedSuccessfully)
            {
                Volatile.Write(ref _flushPending, true);
                _ = ContinueAsync(flush);
                return;
            }

            if (!OnFlushed(flush.Result.IsCompleted))
            {
                return;
            }
        }
        while (true);
    }

    private async Task ContinueAsync(ValueTask<FlushResult> flush)
    {
        bool isOver;
        try
        {
            isOver = (await flush.ConfigureAwait(false)).IsCompleted;
        }
        catch (Exception)
        {
            // Whatever it was has ended this connection, and must not end the thread that delivers to all.
            isOver = true;
        }

        if (OnFlushed(isOver))
        {
            FlushUntilEmpty();
        }
    }

    /// <summary>After a flush: what waits at the side goes into the pipe; when nothing does and the connection is closed, its sending side ends.</summary>
    /// <param name="isOver">Nothing can be sent any more.</param>
    /// <returns>True when there is something to flush again.</returns>
    private bool OnFlushed(bool isOver)
    {
        lock (_lock)
        {
            _flushPending = false;
            if (isOver || _ended)
            {
                EndInsideLock();
                _flushing = false;
                _idle?.TrySetResult();
                return false;
            }

            if (_sideLength > 0)
            {
                _pipe.Write(_side.AsSpan(0, _sideLength));
                ReleaseSide();
                return true;
            }

            SignalDrained();
            if (!_closing)
            {
                _flushing = false;
                return false;
            }
        }

        _ = EndSendingAsync();
        return false;
    }

    /// <summary>Counts as a flush, which nothing may follow.</summary>
    private async Task EndSendingAsync()
    {
        await channel.EndSendingAsync().ConfigureAwait(false);
        OnFlushed(isOver: true);
    }

    private void EndInsideLock()
    {
        _ended = true;
        _flushPending = false;
        ReleaseSide();
        SignalDrained();
    }

    private void SignalDrained()
    {
        _drained?.TrySetResult();
        _drained = null;
    }

    private void GrowSide(int minimumLength)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(minimumLength, 4096));
        _side.AsSpan(0, _sideLength).CopyTo(larger);
        if (_side.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_side);
        }

        _side = larger;
    }

    private void ReleaseSide()
    {
        if (_side.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_side);
        }

        _side = [];
        _sideLength = 0;
    }
}
