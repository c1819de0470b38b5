using Holdfast.Broker.Sessions;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.SharedSubscriptions;

/// <summary>Takes a shared subscription that is behind through what has come back from lost members, then the log.</summary>
internal sealed class SharedReader(SessionServices services, SharedSubscription shared) : LogReader(services, shared)
{
    protected override bool IsCurrent => shared.Reader == this && shared.Mode == SessionMode.Behind;

    protected override bool HasOther => shared.HasReturned;

    protected override async Task<bool> SendOtherAsync()
    {
        while (true)
        {
            LogPlace place;
            lock (shared.Lock)
            {
                if (!IsCurrent)
                {
                    return false;
                }

                if (!shared.TryPeekReturned(out place))
                {
                    return true;
                }
            }

            using var read = await Services.Log.ReadAsync(place.Partition, place.Offset, null, 1, CancellationToken.None).ConfigureAwait(false);
            if (!SendReturned(place, read))
            {
                return false;
            }

            Touched.Flush();
        }
    }

    protected override Task? BlockedBy(Task woken)
    {
        var waits = new List<Task> { woken };
        foreach (var member in shared.Members)
        {
            var session = member.Session;
            lock (session.Lock)
            {
                if (session.Connection is not { } connection)
                {
                    continue;
                }

                if (connection.Output.IsClogged)
                {
                    waits.Add(connection.Output.WhenDrainedAsync());
                }
                else if (!session.Outbound.IsFull && !session.Sender.WaitsForCommitter)
                {
                    return null;
                }
            }
        }

        return Task.WhenAny(waits);
    }

    protected override void OnFailed(Exception exception)
    {
        Services.Logger.LogError(exception, "Shared subscription {Filter} of {Product}: reading the log failed", shared.FullFilter, shared.Product);
        foreach (var member in shared.Members)
        {
            member.Session.Connection?.Close(Mqtt.ReasonCode.UnspecifiedError, "The log could not be read. Connect again.");
        }
    }

    /// <returns>False when the subscription is no longer ours or nobody can take the message now.</returns>
    private bool SendReturned(LogPlace place, LogRead read)
    {
        lock (shared.Lock)
        {
            // Only this reader takes them out, so it is still the oldest.
            if (!IsCurrent)
            {
                return false;
            }

            foreach (var batch in read.Batches)
            {
                foreach (var view in batch)
                {
                    if (view.Offset == place.Offset)
                    {
                        return TrySend(place, PublishRecord.Read(view));
                    }
                }
            }

            Services.CountUnread(LogGapReason.Trimmed, "a shared subscription", 1);
            shared.RemoveReturned(place);
            return true;
        }
    }

    private bool TrySend(LogPlace place, in PublishRecord record)
    {
        if (shared.TrySend(place, record, Touched) == SendResult.Blocked)
        {
            return false;
        }

        shared.RemoveReturned(place);
        return true;
    }
}
