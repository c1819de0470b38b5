using System.IO.Pipelines;

namespace Holdfast.Transport.Tls;

/// <summary>
/// The connection below TLS. During the handshake what was read is given on from the thread pool and with a place, because the computing that follows
/// is long for an I/O thread; afterwards it is passed on as it is.
/// </summary>
internal sealed class HandshakePipe(IDuplexPipe inner, HandshakePlaces places) : PipeReader, IDuplexPipe
{
    private readonly PipeReader _input = inner.Input;
    private bool _isOver;
    private int _hasPlace;

    public PipeReader Input => this;

    public PipeWriter Output { get; } = inner.Output;

    /// <summary>The handshake has succeeded or failed.</summary>
    public void EndHandshake()
    {
        _isOver = true;
        GivePlaceBack();
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        => _isOver ? _input.ReadAsync(cancellationToken) : ReadInHandshakeAsync(cancellationToken);

    public override bool TryRead(out ReadResult result) => _input.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed) => _input.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _input.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => _input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _input.Complete(exception);

    private async ValueTask<ReadResult> ReadInHandshakeAsync(CancellationToken cancellationToken)
    {
        GivePlaceBack();
        var result = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
        await places.TakeAsync(cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _hasPlace, 1);

        // Here, not in what is called: whoever awaits a call that has completed meanwhile stays on its own thread.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return result;
    }

    private void GivePlaceBack()
    {
        if (Interlocked.Exchange(ref _hasPlace, 0) == 1)
        {
            places.Release();
        }
    }
}
