using System.Threading.Channels;
using Holdfast.Broker.Publishing;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>Takes what integrations publish.</summary>
internal sealed class TestPublisher : IEventPublisher
{
    private readonly Channel<EventToPublish> _published = Channel.CreateUnbounded<EventToPublish>();

    public ChannelReader<EventToPublish> Published => _published.Reader;

    public PublishResult Result { get; set; } = new(PublishStatus.Committed, "memory-0-0", "");

    public ValueTask<PublishResult> PublishAsync(EventToPublish message, CancellationToken cancellationToken)
    {
        _published.Writer.TryWrite(message);
        return ValueTask.FromResult(Result);
    }

    public async ValueTask<Task<PublishResult>> AppendAsync(EventToPublish message, CancellationToken cancellationToken)
        => Task.FromResult(await PublishAsync(message, cancellationToken));

    public async Task<EventToPublish> NextAsync() => await Published.ReadAsync(Deadline.Token);
}
