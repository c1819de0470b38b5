using Holdfast.Broker.Connections;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Harness;

/// <summary>
/// A peer that takes everything at once and allocates nothing, so that what is allocated between two packets of one flush was allocated by the broker.
/// </summary>
internal sealed class CountingOutput : PacketOutput
{
    private const int BufferBytes = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly int[] _packets = new int[16];
    private int _length;
    private int _packetsOfFlush;
    private long _allocatedAtFirst;
    private long _allocatedAtLast;

    public override bool IsClogged => false;

    public override int UnflushedBytes => Volatile.Read(ref _length);

    /// <summary>The fewest bytes that were allocated on the writing thread from the first to the last packet of a flush of at least so many packets.</summary>
    public long LeastAllocated { get; private set; } = long.MaxValue;

    /// <summary>Flushes with fewer packets say little.</summary>
    public int FewestPackets { get; init; } = 10;

    public int CountOf(PacketType type) => Volatile.Read(ref _packets[(int)type]);

    public override Span<byte> BeginWrite(int size)
    {
        _lock.Enter();
        if (_packetsOfFlush == 0)
        {
            _allocatedAtFirst = GC.GetAllocatedBytesForCurrentThread();
        }

        return _buffer.AsSpan(_length, size);
    }

    public override void EndWrite(int written)
    {
        if (written > 0)
        {
            _packetsOfFlush++;
            _allocatedAtLast = GC.GetAllocatedBytesForCurrentThread();
            ref var count = ref _packets[_buffer[_length] >> 4];
            Volatile.Write(ref count, count + 1);
            _length += written;
        }

        _lock.Exit();
    }

    public override Task WhenDrainedAsync() => Task.CompletedTask;

    public override void Close()
    {
    }

    protected override void FlushCore()
    {
        lock (_lock)
        {
            if (_packetsOfFlush >= FewestPackets)
            {
                LeastAllocated = Math.Min(LeastAllocated, _allocatedAtLast - _allocatedAtFirst);
            }

            _length = 0;
            _packetsOfFlush = 0;
        }
    }
}
