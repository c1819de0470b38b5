using System.Text;
using System.Threading.Channels;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Retained;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>Takes the retained messages that integrations publish, and reads them back.</summary>
internal sealed class RetainedReceipts : IEventPublisher, IRetainedReader
{
    private readonly Channel<(string Topic, string Text)> _published = Channel.CreateUnbounded<(string, string)>();
    private readonly Dictionary<(string Product, string Topic), byte[]> _retained = [];

    /// <summary>What a publish is answered with, when it is not stored.</summary>
    public PublishStatus? Refusal { get; set; }

    /// <summary>What was published and not taken yet.</summary>
    public int Untold => _published.Reader.Count;

    /// <summary>Completes when there is something to take.</summary>
    public Task WhenToldAsync() => _published.Reader.WaitToReadAsync(Deadline.Token).AsTask();

    public async Task<(string Topic, string Text)> NextAsync() => await _published.Reader.ReadAsync(Deadline.Token);

    public ValueTask<Task<PublishResult>> AppendAsync(EventToPublish message, CancellationToken cancellationToken)
    {
        Assert.True(message.Retain);
        lock (_retained)
        {
            var status = Refusal ?? PublishStatus.Committed;
            if (status == PublishStatus.Committed)
            {
                _retained[(message.Product, message.Topic)] = message.Payload.ToArray();
            }

            _published.Writer.TryWrite((message.Topic, Encoding.UTF8.GetString(message.Payload.Span)));

            // The id is of another incarnation: there is nothing to wait for.
            return ValueTask.FromResult(Task.FromResult(new PublishResult(status, "elsewhere-0-0", "a reason")));
        }
    }

    public async ValueTask<PublishResult> PublishAsync(EventToPublish message, CancellationToken cancellationToken)
        => await await AppendAsync(message, cancellationToken);

    public byte[]? Read(string product, string topic)
    {
        lock (_retained)
        {
            return _retained.GetValueOrDefault((product, topic));
        }
    }
}
