using Holdfast.Broker.Connections;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Harness;

/// <summary>
/// The network of one connection in memory. The client sees a packet only once it is flushed. While the client does not read, the network
/// takes a little, as a socket does, and is clogged from then on.
/// </summary>
internal sealed class MemoryOutput : PacketOutput
{
    /// <summary>What the network takes from a client that does not read, in bytes.</summary>
    public const int NetworkBytes = 4096;

    private readonly Lock _lock = new();
    private readonly List<ReceivedPacket> _inbox = [];
    private readonly ProtocolVersion _version;
    private readonly TaskCompletionSource _closedSource = NewSource();
    private byte[] _written = new byte[256];
    private int _length;
    private int _flushed;
    private bool _reading = true;
    private bool _closed;
    private bool _ended;
    private TaskCompletionSource _news = NewSource();
    private TaskCompletionSource? _drained;

    public MemoryOutput(ProtocolVersion version) => _version = version;

    public override bool IsClogged
    {
        get
        {
            lock (_lock)
            {
                return IsCloggedNow;
            }
        }
    }

    public override int UnflushedBytes
    {
        get
        {
            lock (_lock)
            {
                return _length - _flushed;
            }
        }
    }

    /// <summary>The most bytes that ever waited.</summary>
    public int MostWaitingBytes { get; private set; }

    /// <summary>Completes when the server has closed.</summary>
    public Task Closed => _closedSource.Task;

    private bool IsCloggedNow => !_ended && !_reading && _flushed > NetworkBytes;

    public override Span<byte> BeginWrite(int size)
    {
        _lock.Enter();
        if (_closed || _ended)
        {
            return [];
        }

        if (_written.Length < _length + size)
        {
            Array.Resize(ref _written, Math.Max(_written.Length * 2, _length + size));
        }

        return _written.AsSpan(_length, size);
    }

    public override void EndWrite(int written)
    {
        _length += written;
        MostWaitingBytes = Math.Max(MostWaitingBytes, _length);
        _lock.Exit();
    }

    public override Task WhenDrainedAsync()
    {
        lock (_lock)
        {
            return IsCloggedNow ? (_drained ??= NewSource()).Task : Task.CompletedTask;
        }
    }

    public override void Close()
    {
        lock (_lock)
        {
            _closed = true;
            _flushed = _length;
            Receive();
        }

        _closedSource.TrySetResult();
    }

    /// <summary>The client reads no more.</summary>
    public void StopReading()
    {
        lock (_lock)
        {
            _reading = false;
        }
    }

    /// <summary>The client reads again: at first everything that waits.</summary>
    public void StartReading()
    {
        lock (_lock)
        {
            _reading = true;
            Receive();
        }
    }

    /// <summary>The network is gone.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            _drained?.TrySetResult();
            _drained = null;
        }
    }

    /// <summary>Takes the first packet that fits; null when there is none now.</summary>
    public ReceivedPacket? TryTake(Func<ReceivedPacket, bool> fits)
    {
        lock (_lock)
        {
            var index = _inbox.FindIndex(packet => fits(packet));
            if (index < 0)
            {
                return null;
            }

            var packet = _inbox[index];
            _inbox.RemoveAt(index);
            return packet;
        }
    }

    /// <summary>Takes the first packet that fits, when it comes.</summary>
    public async Task<ReceivedPacket> TakeAsync(Func<ReceivedPacket, bool> fits, string what)
    {
        while (true)
        {
            var news = Volatile.Read(ref _news).Task;
            if (TryTake(fits) is { } packet)
            {
                return packet;
            }

            try
            {
                await news.Within();
            }
            catch (TimeoutException)
            {
                Assert.Fail($"{what} has not come. Waiting: {string.Join(", ", Waiting())}");
            }
        }
    }

    /// <summary>The packets that were not taken.</summary>
    public IReadOnlyList<ReceivedPacket> Waiting()
    {
        lock (_lock)
        {
            return [.. _inbox];
        }
    }

    protected override void FlushCore()
    {
        lock (_lock)
        {
            _flushed = _length;
            Receive();
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Receive()
    {
        if (!_reading || _flushed == 0)
        {
            return;
        }

        var rest = _written.AsSpan(0, _flushed);
        while (!rest.IsEmpty)
        {
            // A flush never ends inside a packet.
            Assert.Equal(FrameStatus.Complete, PacketDecoder.TryReadHeader(rest, uint.MaxValue, out var header));
            _inbox.Add(ReceivedPacket.Decode(header, rest[header.HeaderLength..header.Length], _version));
            rest = rest[header.Length..];
        }

        _written.AsSpan(_flushed, _length - _flushed).CopyTo(_written);
        _length -= _flushed;
        _flushed = 0;
        _drained?.TrySetResult();
        _drained = null;
        Interlocked.Exchange(ref _news, NewSource()).SetResult();
    }
}
