using System.Collections.Concurrent;
using System.Threading.Channels;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Cluster.Tests.Appending;

/// <summary>A publisher that writes down what it hears.</summary>
internal sealed class Publisher : ICommitObserver
{
    private readonly Channel<ulong> _heard = Channel.CreateUnbounded<ulong>();

    public ConcurrentQueue<(ulong Token, long Offset, AppendStatus Status)> Heard { get; } = [];

    public static PublishRecord Record(string payload) => new()
    {
        Product = "p"u8,
        Publisher = "c"u8,
        Topic = "t"u8,
        Payload = System.Text.Encoding.UTF8.GetBytes(payload),
    };

    public void OnCompleted(ulong token, int partition, long offset, AppendStatus status)
    {
        Heard.Enqueue((token, offset, status));
        _heard.Writer.TryWrite(token);
    }

    public async Task HearAsync(int count)
    {
        for (; count > 0; count--)
        {
            await _heard.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }
}
