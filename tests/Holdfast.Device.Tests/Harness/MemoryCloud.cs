using System.Threading.Channels;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests.Harness;

/// <summary>A cloud in memory: accepts every connection and tells every publish; each is answered when the test says so, or at once.</summary>
internal sealed class MemoryCloud : ICloudConnector
{
    private readonly Channel<Publish> _publishes = Channel.CreateUnbounded<Publish>();
    private readonly Channel<Connection> _connections = Channel.CreateUnbounded<Connection>();

    public bool AcceptsBatches { get; set; } = true;

    public bool GivesReceipts { get; set; } = true;

    /// <summary>What a publish is answered with at once; null for nothing.</summary>
    public PublishOutcome? AnswersAtOnce { get; set; } = PublishOutcome.Stored;

    public int Untold => _publishes.Reader.Count;

    public Task<ICloudConnection> ConnectAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        var connection = new Connection(this);
        _connections.Writer.TryWrite(connection);
        return Task.FromResult<ICloudConnection>(connection);
    }

    public Task<Publish> NextAsync() => _publishes.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Soon();

    public Task<Connection> ConnectionAsync() => _connections.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Soon();

    internal sealed record Publish(IReadOnlyList<StoredEvent> Events, TaskCompletionSource<PublishOutcome> Answer)
    {
        public string[] Texts => [.. Events.Select(e => System.Text.Encoding.UTF8.GetString(e.Payload.Span))];
    }

    internal sealed class Connection(MemoryCloud cloud) : ICloudConnection
    {
        private readonly TaskCompletionSource<ConnectionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<TaskCompletionSource<PublishOutcome>> _unanswered = [];

        public int ReceiveMaximum => 100;

        public bool AcceptsBatches => cloud.AcceptsBatches;

        public bool GivesReceipts => cloud.GivesReceipts;

        public Task<ConnectionEnd> Ended => _ended.Task;

        public void End(ConnectionEnd end) => _ended.TrySetResult(end);

        public Task<PublishOutcome> PublishAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
        {
            var publish = new Publish(events, new TaskCompletionSource<PublishOutcome>(TaskCreationOptions.RunContinuationsAsynchronously));
            if (cloud.AnswersAtOnce is { } outcome)
            {
                publish.Answer.SetResult(outcome);
            }

            _unanswered.Add(publish.Answer);
            cloud._publishes.Writer.TryWrite(publish);
            return publish.Answer.Task;
        }

        public ValueTask DisposeAsync()
        {
            _unanswered.ForEach(u => u.TrySetResult(PublishOutcome.Failed));
            _ended.TrySetResult(new ConnectionEnd("closed"));
            return ValueTask.CompletedTask;
        }
    }
}
