using Holdfast.Broker.Publishing;
using Holdfast.Broker.Retained;

namespace Holdfast.Integrations.Receipts;

/// <summary>
/// Publishes receipts as retained messages, one for each device at <c>devices/{id}/receipts/{integration}</c>. The message before tells what is known
/// already, so nothing of it is kept here; one node runs an integration, so nobody else writes there.
/// </summary>
internal sealed class ReceiptPublisher(string product, string integration, IRetainedReader retained, IntegrationEnvironment environment)
{
    /// <summary>Publishes receipts, and returns when they are what will be read next time.</summary>
    /// <returns>Null when all is done; else what was wrong, and everything is to be published again.</returns>
    public async Task<string?> PublishAsync(IEnumerable<SettledReceipt> receipts)
    {
        var appended = new List<Task<PublishResult>>();
        foreach (var ofDevice in receipts.GroupBy(receipt => receipt.Wish.Device))
        {
            var topic = $"devices/{ofDevice.Key}/receipts/{integration}";
            var known = DeviceReceipts.Parse(retained.Read(product, topic));
            var isNews = false;
            foreach (var receipt in ofDevice)
            {
                isNews |= known.Add(receipt.Wish.Stream, receipt.Wish.Sequence, receipt.IsDelivered);
            }

            if (isNews)
            {
                appended.Add(await environment.Publisher.AppendAsync(ToEvent(topic, known), CancellationToken.None).ConfigureAwait(false));
            }
        }

        var results = await Task.WhenAll(appended).ConfigureAwait(false);
        if (results.Any(result => result.Status is PublishStatus.NotCommitting or PublishStatus.Full))
        {
            return $"The receipts could not be stored: {results.First(result => result.Status is PublishStatus.NotCommitting or PublishStatus.Full).Detail}";
        }

        // A device whose id leaves no room in a topic for anything else is told nothing.
        foreach (var result in results.Where(result => result.Status == PublishStatus.Committed))
        {
            await WhenFoldedAsync(result.EventId!).ConfigureAwait(false);
        }

        return null;
    }

    private EventToPublish ToEvent(string topic, DeviceReceipts receipts) => new()
    {
        Product = product,
        Topic = topic,
        Payload = receipts.Write(),
        Publisher = $"integration/{integration}",
        ContentType = "text/plain",
        Retain = true,
        ExpirySeconds = (uint)environment.Limits.ReceiptsKept.TotalSeconds,
    };

    /// <summary>In a cluster a commit is known before its record is folded into the retained messages of this node.</summary>
    private async Task WhenFoldedAsync(string eventId)
    {
        if (!EventId.TryParse(eventId, environment.Log.Incarnations, out var partition, out var offset))
        {
            return;
        }

        var positions = new long[environment.Log.PartitionCount];
        Array.Fill(positions, long.MaxValue);
        positions[partition] = offset;
        await environment.Feed.WaitAsync(positions, CancellationToken.None).ConfigureAwait(false);
    }
}
