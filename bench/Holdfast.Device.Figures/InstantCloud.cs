using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Figures;

/// <summary>A cloud that stores everything at once, so that what is left is the outbox.</summary>
internal sealed class InstantCloud : ICloudConnector, ICloudConnection
{
    private readonly TaskCompletionSource<ConnectionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int ReceiveMaximum => ushort.MaxValue;

    public Task<ConnectionEnd> Ended => _ended.Task;

    public bool AcceptsBatches => true;

    public bool GivesReceipts => false;

    public Task<ICloudConnection> ConnectAsync(Uri endpoint, CancellationToken cancellationToken) => Task.FromResult<ICloudConnection>(this);

    public Task<PublishOutcome> PublishAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken) => Task.FromResult(PublishOutcome.Stored);

    public ValueTask DisposeAsync()
    {
        _ended.TrySetResult(new ConnectionEnd("closed"));
        return ValueTask.CompletedTask;
    }
}
