namespace Holdfast.Server.Devices;

/// <summary>A connection of a given quality, over a real one. It breaks at a moment that is drawn when it is made: with an error, or in silence.</summary>
internal sealed class SimulatedLink : Stream
{
    /// <summary>What the retransmission of a lost packet takes.</summary>
    private static readonly TimeSpan Retransmission = TimeSpan.FromMilliseconds(250);

    private readonly Stream _inner;
    private readonly LinkQuality _quality;
    private readonly Random _random;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer? _breaking;
    private readonly bool _isSilent;

    /// <summary>Makes the link.</summary>
    /// <param name="inner">The real connection; it ends with this.</param>
    /// <param name="quality">The quality.</param>
    /// <param name="seed">Draws the faults.</param>
    /// <param name="time">The clock.</param>
    public SimulatedLink(Stream inner, LinkQuality quality, int seed, TimeProvider time)
    {
        (_inner, _quality, _random, _time) = (inner, quality, new Random(seed), time);
        _isSilent = _random.NextDouble() < quality.HalfOpen;
        if (quality.Lifetime is { } lifetime)
        {
            TimeSpan left = lifetime * -Math.Log(1 - _random.NextDouble());
            _breaking = time.CreateTimer(_ => _broken.TrySetResult(), null, left, Timeout.InfiniteTimeSpan);
        }
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Task<int> reading = _inner.ReadAsync(buffer, cancellationToken).AsTask();
        if (await Task.WhenAny(reading, _broken.Task) != reading)
        {
            await BreakAsync(cancellationToken);
        }

        int count = await reading;
        await Task.Delay(_quality.Latency, _time, cancellationToken);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_broken.Task.IsCompleted)
        {
            if (!_isSilent)
            {
                await BreakAsync(cancellationToken);
            }

            return; // the sender's kernel takes it, and nobody else does
        }

        bool isLost;
        lock (_random)
        {
            isLost = _random.NextDouble() < _quality.Loss;
        }

        await Task.Delay(_quality.Latency + (isLost ? Retransmission : TimeSpan.Zero), _time, cancellationToken);
        await _inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous reading.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous writing.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _closed.Cancel();
            _breaking?.Dispose();
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task BreakAsync(CancellationToken cancellationToken)
    {
        if (_isSilent)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        throw new IOException("The simulated link broke.");
    }
}
