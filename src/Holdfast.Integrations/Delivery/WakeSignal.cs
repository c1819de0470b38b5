using System.Threading.Channels;

namespace Holdfast.Integrations.Delivery;

/// <summary>Wakes one loop. Signals that come before the loop waits are kept, as one.</summary>
internal sealed class WakeSignal
{
    private readonly Channel<bool> _channel
        = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => _channel.Writer.TryWrite(true);

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
        => await _channel.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
}
