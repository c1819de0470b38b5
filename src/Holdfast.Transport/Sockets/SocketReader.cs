using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Holdfast.Transport.Sockets;

/// <summary>
/// What a peer sends, read straight from its socket once the loop has told that there is something. While nothing comes there is a small buffer of the
/// connection's own only, so that an idle connection holds no large one. When the small one is filled there is more: then a large one is borrowed until the
/// socket is empty. A receive that does not fill its buffer has emptied the socket (epoll(7)), so it is not asked again.
/// </summary>
internal sealed class SocketReader : PipeReader, IValueTaskSource<ReadResult>, IThreadPoolWorkItem
{
    /// <summary>Some messages of an ordinary device.</summary>
    public const int SmallBytes = 256;

    /// <summary>What is received at once under load; a packet that does not fit makes the buffer grow.</summary>
    public const int LargeBytes = 64 * 1024;

    /// <summary>
    /// So many receives that never waited are followed by one that takes its turn on the thread pool: whoever always sends would else keep the thread on which
    /// the sockets of others are told of.
    /// </summary>
    private const int MostInOneGo = 16;

    private readonly Socket _socket;
    private readonly Lock _lock = new();
    private readonly byte[] _small = new byte[SmallBytes];
    private ManualResetValueTaskSourceCore<ReadResult> _source;
    private byte[] _buffer;
    private int _start;
    private int _end;
    private int _examined;
    private int _inOneGo;
    private bool _hasMore;
    private bool _mayHaveMore;
    private bool _isEnding;
    private bool _receiving;
    private bool _waiting;
    private bool _canceled;
    private bool _over;
    private SocketError _error;

    /// <param name="socket">A connected socket that does not block. It stays the caller's.</param>
    public SocketReader(Socket socket)
    {
        _socket = socket;
        _buffer = _small;
    }

    /// <summary>What was received and not taken yet, in bytes: so much the next read gives without waiting. For whoever reads.</summary>
    public int UnreadBytes => _receiving ? 0 : _end - _start;

    /// <inheritdoc/>
    /// <exception cref="IOException">The connection broke.</exception>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        => cancellationToken.CanBeCanceled ? ReadUntilCanceledAsync(cancellationToken) : Read();

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        lock (_lock)
        {
            return TryTake(out result);
        }
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (_lock)
        {
            // A read that was cancelled gave nothing to advance in.
            if (ReferenceEquals(consumed.GetObject(), _buffer))
            {
                _start = consumed.GetInteger() & int.MaxValue;
                _examined = examined.GetInteger() & int.MaxValue;
            }
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
        lock (_lock)
        {
            if (!_waiting)
            {
                _canceled = true;
                return;
            }

            _waiting = false;
        }

        _source.SetResult(new ReadResult(default, isCanceled: true, isCompleted: false));
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        lock (_lock)
        {
            // What a receive still writes into is left to the collector.
            if (!_receiving)
            {
                ReleaseLarge();
            }
        }
    }

    /// <summary>There is something to read, or the end.</summary>
    /// <param name="isOver">Whether the peer has ended the connection, or it broke: behind what is left there is the end.</param>
    public void OnReadable(bool isOver)
    {
        if (TryBeginReceiving(isOver))
        {
            _inOneGo = 0;
            ReceiveMore();
        }
    }

    /// <summary>The socket was closed: a read that waits ends, elsewhere.</summary>
    public void OnClosed()
    {
        if (TryBeginReceiving(isOver: true))
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>It is the connection's turn.</summary>
    void IThreadPoolWorkItem.Execute() => ReceiveMore();

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _source.OnCompleted(continuation, state, token, flags);

    private async ValueTask<ReadResult> ReadUntilCanceledAsync(CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static reader => ((SocketReader)reader!).CancelPendingRead(), this);
        var result = await Read().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return result;
    }

    private ValueTask<ReadResult> Read()
    {
        short version;
        lock (_lock)
        {
            if (TryTake(out var result))
            {
                return new ValueTask<ReadResult>(result);
            }

            _source.Reset();
            version = _source.Version;
            _waiting = true;
            if (_receiving)
            {
                return new ValueTask<ReadResult>(this, version);
            }

            if (!_mayHaveMore)
            {
                MakeRoomToWait();
                return new ValueTask<ReadResult>(this, version);
            }

            _receiving = true;
        }

        if (_inOneGo++ < MostInOneGo)
        {
            ReceiveMore();
        }
        else
        {
            _inOneGo = 0;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return new ValueTask<ReadResult>(this, version);
    }

    /// <summary>What there is without receiving: a cancellation, bytes that were not examined, the end. Inside the lock.</summary>
    private bool TryTake(out ReadResult result)
    {
        if (_canceled)
        {
            _canceled = false;
            result = new ReadResult(default, isCanceled: true, isCompleted: false);
            return true;
        }

        result = default;
        if (_end <= _examined && !_over)
        {
            return false;
        }

        if (_error != SocketError.Success)
        {
            throw Failure();
        }

        result = Result();
        return true;
    }

    /// <summary>Notes that there is something.</summary>
    /// <returns>True when somebody waits for it and nobody receives.</returns>
    private bool TryBeginReceiving(bool isOver)
    {
        lock (_lock)
        {
            _mayHaveMore = true;
            _isEnding |= isOver;
            return _waiting && !_receiving && (_receiving = true);
        }
    }

    /// <summary>Receives what there is; if there is nothing, the loop will tell. Nobody else touches the buffers meanwhile.</summary>
    private void ReceiveMore()
    {
        while (true)
        {
            lock (_lock)
            {
                // Before the receive: what comes behind it is told of anew.
                _mayHaveMore = false;
            }

            MakeRoom();
            var (received, error) = Receive();
            if (error != SocketError.WouldBlock)
            {
                OnReceived(received, error);
                return;
            }

            lock (_lock)
            {
                if (!_mayHaveMore)
                {
                    (_receiving, _isEnding) = (false, false);
                    MakeRoomToWait();
                    return;
                }
            }
        }
    }

    private (int Received, SocketError Error) Receive()
    {
        try
        {
            var received = _socket.Receive(_buffer.AsSpan(_end), SocketFlags.None, out var error);
            return (received, error);
        }
        catch (ObjectDisposedException)
        {
            return (0, SocketError.OperationAborted);
        }
    }

    /// <summary>Gives a large buffer back for the time that nothing comes.</summary>
    private void MakeRoomToWait()
    {
        _hasMore = false;
        MakeRoom();
    }

    /// <summary>Moves what is left to the beginning of a buffer with room behind it: the small one if the socket is empty and it fits, else a large one.</summary>
    private void MakeRoom()
    {
        var left = _buffer.AsSpan(_start, _end - _start);
        var wanted = !_hasMore && left.Length <= SmallBytes / 2 ? SmallBytes : Math.Max(LargeBytes, left.Length * 2);
        if (wanted == SmallBytes ? _buffer != _small : _buffer.Length < wanted)
        {
            var next = wanted == SmallBytes ? _small : ArrayPool<byte>.Shared.Rent(wanted);
            left.CopyTo(next);
            ReleaseLarge();
            _buffer = next;
        }
        else
        {
            left.CopyTo(_buffer);
        }

        _end = left.Length;
        _examined = left.Length;
        _start = 0;
    }

    private void OnReceived(int received, SocketError error)
    {
        bool failed;
        ReadResult result = default;
        lock (_lock)
        {
            _receiving = false;
            _error = error;
            _over = received == 0 || error != SocketError.Success;
            _hasMore = received == _buffer.Length - _end;
            _mayHaveMore |= _hasMore || _isEnding;
            _end += received;
            if (!_waiting)
            {
                return;
            }

            _waiting = false;
            failed = error != SocketError.Success;
            if (!failed)
            {
                result = Result();
            }
        }

        if (failed)
        {
            _source.SetException(Failure());
        }
        else
        {
            _source.SetResult(result);
        }
    }

    private ReadResult Result() => new(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), isCanceled: false, isCompleted: _over);

    private IOException Failure()
    {
        var cause = new SocketException((int)_error);
        return new IOException(cause.Message, cause);
    }

    private void ReleaseLarge()
    {
        if (_buffer != _small)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = _small;
            (_start, _end, _examined) = (0, 0, 0);
        }
    }
}
