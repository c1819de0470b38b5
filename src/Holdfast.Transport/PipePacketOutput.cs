using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Holdfast.Broker.Connections;

namespace Holdfast.Transport;

/// <summary>
/// Packets into a connection's pipe. The pipe allows one writer and one flush at a time, so while a flush is under way what is written goes
/// to the side, and into the pipe afterwards. The pipe's threshold is one byte: a flush that does not complete means that the kernel takes
/// no more, which is what "clogged" says.
/// </summary>
internal sealed class PipePacketOutput(PipeWriter pipe, Socket? socket) : PacketOutput
{
    /// <summary>So much may wait at the side before the output counts as clogged, in bytes.</summary>
    private const int SideLimit = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _side = [];
    private int _sideLength;
    private int _unflushed;
    private bool _flushing;
    private bool _flushPending;
    private bool _closing;
    private bool _ended;
    private TaskCompletionSource? _drained;

    /// <inheritdoc/>
    public override bool IsClogged => Volatile.Read(ref _flushPending) || Volatile.Read(ref _sideLength) > SideLimit;

    /// <summary>Completes when the broker has closed the connection.</summary>
    public Task Closed => _closed.Task;

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
            return pipe.GetSpan(size);
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
            pipe.Advance(written);
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
            _closed.SetResult();
            if (_flushing)
            {
                return;
            }

            _flushing = true;
        }

        FlushUntilEmpty();
    }

    /// <summary>The connection has ended: nothing is written any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            EndInsideLock();
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
                flush = pipe.FlushAsync();
            }
            catch (InvalidOperationException)
            {
                // The connection has completed its pipe.
                End();
                return;
            }

            if (!flush.IsCompleted)
            {
                Volatile.Write(ref _flushPending, true);
                _ = ContinueAsync(flush);
                return;
            }

            if (!TryMoveOn(flush.Result))
            {
                return;
            }
        }
        while (true);
    }

    private async Task ContinueAsync(ValueTask<FlushResult> flush)
    {
        var result = await flush.ConfigureAwait(false);
        if (TryMoveOn(result))
        {
            FlushUntilEmpty();
        }
    }

    /// <summary>After a flush: what waits at the side goes into the pipe.</summary>
    /// <returns>True when there is something to flush again.</returns>
    private bool TryMoveOn(FlushResult result)
    {
        lock (_lock)
        {
            _flushPending = false;
            if (result.IsCompleted || _ended)
            {
                EndInsideLock();
                return false;
            }

            if (_sideLength > 0)
            {
                pipe.Write(_side.AsSpan(0, _sideLength));
                ReleaseSide();
                return true;
            }

            _flushing = false;
            SignalDrained();
            if (_closing)
            {
                ShutdownSend();
            }

            return false;
        }
    }

    private void EndInsideLock()
    {
        _ended = true;
        _flushing = false;
        _flushPending = false;
        ReleaseSide();
        SignalDrained();
    }

    private void ShutdownSend()
    {
        try
        {
            // Not a close: with unread bytes a close sends a reset, which would overtake the reason that was just sent.
            socket?.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer was faster.
        }
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
