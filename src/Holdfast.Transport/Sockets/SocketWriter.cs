using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Holdfast.Transport.Sockets;

/// <summary>
/// What is sent to a peer, straight to its socket. What was written is in one borrowed buffer, which is given back when the kernel has taken everything; a
/// flush that completes at once is one system call. One writer and one flush at a time.
/// </summary>
/// <param name="socket">The socket.</param>
internal sealed class SocketWriter(DirectSocket socket) : PipeWriter
{
    private const int SmallestBytes = 4096;

    private static readonly FlushResult Sent = new(isCanceled: false, isCompleted: false);
    private static readonly FlushResult Over = new(isCanceled: false, isCompleted: true);

    private byte[] _buffer = [];
    private int _length;
    private bool _isOver;
    private TaskCompletionSource? _room;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _length;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureRoom(sizeHint);
        return _buffer.AsMemory(_length);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        EnsureRoom(sizeHint);
        return _buffer.AsSpan(_length);
    }

    /// <inheritdoc/>
    public override void Advance(int bytes) => _length += bytes;

    /// <inheritdoc/>
    /// <remarks>Completes when the kernel has taken everything; then the result says whether the connection is over.</remarks>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var sent = SendNow(_buffer.AsSpan(0, _length));
        return sent == _length || _isOver ? ValueTask.FromResult(Finish()) : SendRestAsync(sent);
    }

    /// <inheritdoc/>
    /// <remarks>What the kernel takes at once goes there from the caller's memory; only the rest is copied.</remarks>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        var rest = source.Span;
        var sent = _length == 0 ? SendNow(rest) : 0;
        if (sent == rest.Length || _isOver)
        {
            return ValueTask.FromResult(Finish());
        }

        rest = rest[sent..];
        rest.CopyTo(GetSpan(rest.Length));
        Advance(rest.Length);
        return sent == 0 ? FlushAsync(cancellationToken) : SendRestAsync(0);
    }

    /// <summary>The socket takes more, or has ended.</summary>
    public void OnWritable() => Interlocked.Exchange(ref _room, null)?.SetResult();

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
        // Nobody asks for it: a flush ends when the kernel takes the bytes, or with the connection.
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => Release();

    /// <summary>Sends what the kernel takes now.</summary>
    /// <returns>How much that was.</returns>
    private int SendNow(ReadOnlySpan<byte> bytes)
    {
        var sent = 0;
        try
        {
            while (!_isOver && sent < bytes.Length)
            {
                sent += socket.Socket.Send(bytes[sent..], SocketFlags.None, out var error);
                if (error == SocketError.WouldBlock)
                {
                    break;
                }

                _isOver = error != SocketError.Success;
            }
        }
        catch (ObjectDisposedException)
        {
            _isOver = true;
        }

        return sent;
    }

    private async ValueTask<FlushResult> SendRestAsync(int sent)
    {
        do
        {
            var room = new TaskCompletionSource();
            Volatile.Write(ref _room, room);
            try
            {
                // Behind it: room that there is by now is told of at once.
                socket.WatchWriting();
            }
            catch (ObjectDisposedException)
            {
                OnWritable();
            }

            await room.Task.ConfigureAwait(false);
            sent += SendNow(_buffer.AsSpan(sent, _length - sent));
        }
        while (sent < _length && !_isOver);

        return Finish();
    }

    private FlushResult Finish()
    {
        Release();
        return _isOver ? Over : Sent;
    }

    private void EnsureRoom(int sizeHint)
    {
        var needed = _length + Math.Max(1, sizeHint);
        if (_buffer.Length >= needed)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallestBytes, Math.Max(needed, _length * 2)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        var length = _length;
        Release();
        (_buffer, _length) = (larger, length);
    }

    private void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _length) = ([], 0);
    }
}
