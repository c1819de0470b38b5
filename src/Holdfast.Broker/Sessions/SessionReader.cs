using Holdfast.Broker.Connections;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Sessions;

/// <summary>
/// Takes one session that is behind through the log, until it has caught up or its connection is gone: first what must be sent again, then
/// retained messages, then the log from the session's positions. It costs a task and one read's batches while it runs, whatever is waiting.
/// </summary>
internal sealed class SessionReader
{
    /// <summary>How much is read at a time.</summary>
    private const int ReadBytes = 256 * 1024;

    private readonly SessionServices _services;
    private readonly Session _session;
    private readonly ClientConnection _connection;
    private readonly TouchedOutputs _touched = new();
    private readonly RetainedSender _retained;
    private readonly bool _isNewConnection;

    private SessionReader(SessionServices services, Session session, ClientConnection connection, bool isNewConnection)
    {
        _isNewConnection = isNewConnection;
        _services = services;
        _session = session;
        _connection = connection;
        _retained = new RetainedSender(services, session, connection, _touched);
    }

    /// <summary>Whether the session is still this reader's.</summary>
    private bool IsCurrent => _session.Connection == _connection && _session.Mode == SessionMode.Behind;

    /// <summary>Starts a reader on the thread pool. The caller holds the session's lock and has just made it behind.</summary>
    /// <param name="services">What the parts of the broker share.</param>
    /// <param name="session">The session.</param>
    /// <param name="connection">Its connection.</param>
    /// <param name="isNewConnection">What an earlier connection has not completed is sent again; never on the same connection [MQTT-4.4.0-1].</param>
    public static void Start(SessionServices services, Session session, ClientConnection connection, bool isNewConnection = false)
    {
        var reader = new SessionReader(services, session, connection, isNewConnection);
        _ = Task.Run(reader.RunAsync);
    }

    private async Task RunAsync()
    {
        try
        {
            if (_isNewConnection)
            {
                SendReleasesAgain();
            }

            while (true)
            {
                var progress = await SendWhatMustBeSentAgainAsync().ConfigureAwait(false)
                    && _retained.SendAll()
                    && await ReadLogAsync().ConfigureAwait(false);
                var joined = progress && TryJoin();
                _touched.Flush();
                if (joined)
                {
                    return;
                }

                if (!progress && !await WaitAsync().ConfigureAwait(false))
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or ObjectDisposedException)
        {
            _services.Logger.LogError(exception, "Session {Client} of {Product}: reading the log failed; its connection is closed", _session.ClientId, _session.Product);
            _connection.Close(ReasonCode.UnspecifiedError, "The log could not be read. Connect again.");
        }
    }

    /// <summary>Waits until the window, the output or the log may have something for us.</summary>
    /// <returns>False when the session is no longer ours.</returns>
    private async Task<bool> WaitAsync()
    {
        Task woken;
        lock (_session.Lock)
        {
            if (!IsCurrent)
            {
                return false;
            }

            woken = _session.WhenWokenAsync();
        }

        // Everything before this point may have changed before the wake-up was armed.
        if (_connection.Output.IsClogged)
        {
            await Task.WhenAny(woken, _connection.Output.WhenDrainedAsync()).ConfigureAwait(false);
        }
        else if (IsBlocked())
        {
            await woken.ConfigureAwait(false);
        }

        return true;
    }

    private bool IsBlocked()
    {
        lock (_session.Lock)
        {
            return IsCurrent && (HasReady() ? !_session.Outbound.MaySendAnother : _session.Outbound.IsFull || _session.Sender.WaitsForCommitter);
        }
    }

    private bool HasReady()
    {
        for (var place = 0; place < _session.Outbound.Places; place++)
        {
            if (_session.Outbound[place].State == OutboundState.Ready)
            {
                return true;
            }
        }

        return false;
    }

    private void SendReleasesAgain()
    {
        lock (_session.Lock)
        {
            if (!IsCurrent)
            {
                return;
            }

            for (var place = 0; place < _session.Outbound.Places; place++)
            {
                ref var message = ref _session.Outbound[place];
                if (message.State == OutboundState.Released)
                {
                    MessageWriter.Write(_connection, new AckPacket(PacketType.PubRel, message.PacketId, ReasonCode.Success));
                    _touched.Add(_connection.Output);
                }
            }
        }
    }

    /// <summary>Messages that were assigned and committed, or that an earlier connection has not confirmed.</summary>
    /// <returns>False when the session is no longer ours or cannot take more now.</returns>
    private async Task<bool> SendWhatMustBeSentAgainAsync()
    {
        while (true)
        {
            OutboundMessage next;
            lock (_session.Lock)
            {
                if (!IsCurrent || _connection.Output.IsClogged)
                {
                    return false;
                }

                if (!TryFindReady(out next))
                {
                    return true;
                }

                if (!_session.Outbound.MaySendAnother)
                {
                    return false;
                }
            }

            using var read = await _services.Log.ReadAsync(next.Partition, next.Offset, null, 1, CancellationToken.None).ConfigureAwait(false);
            if (!SendReady(next, read))
            {
                SendMissing(next);
            }

            _touched.Flush();
        }
    }

    private bool TryFindReady(out OutboundMessage next)
    {
        for (var place = 0; place < _session.Outbound.Places; place++)
        {
            ref var message = ref _session.Outbound[place];
            if (message.State == OutboundState.Ready)
            {
                next = message;
                return true;
            }
        }

        next = default;
        return false;
    }

    /// <summary>Sends, in order, the messages that are ready up to the first that the read does not hold.</summary>
    /// <returns>False when that is the one that the read was for: it is not in the log. Others may lie elsewhere, retained ones in any order.</returns>
    private bool SendReady(in OutboundMessage next, LogRead read)
    {
        var batch = read.Batches.Count == 0 ? null : read.Batches[0];
        var records = batch is null ? default : batch.GetEnumerator();
        var valid = batch is not null && records.MoveNext();
        lock (_session.Lock)
        {
            for (var place = 0; place < _session.Outbound.Places && IsCurrent; place++)
            {
                ref var message = ref _session.Outbound[place];
                if (message.State != OutboundState.Ready)
                {
                    continue;
                }

                if (!_session.Outbound.MaySendAnother)
                {
                    return true;
                }

                while (valid && records.Current.Offset < message.Offset)
                {
                    valid = records.MoveNext();
                }

                if (message.Partition != next.Partition || !valid || records.Current.Offset != message.Offset)
                {
                    return message.Partition != next.Partition || message.Offset != next.Offset;
                }

                if (!_session.Sender.TrySendAgain(place, PublishRecord.Read(records.Current), _touched))
                {
                    // Its place is given back, so the others have moved.
                    return true;
                }
            }
        }

        return true;
    }

    /// <summary>Sends a message that the log no longer holds, if it is retained still.</summary>
    private void SendMissing(in OutboundMessage missing)
    {
        var retained = missing.Retained ? _retained.Find(missing.Partition, missing.Offset) : null;
        lock (_session.Lock)
        {
            var place = _session.Outbound.Find(missing.PacketId);
            if (!IsCurrent || place < 0 || _session.Outbound[place].State != OutboundState.Ready)
            {
                return;
            }

            if (retained is not null)
            {
                _session.Sender.TrySendAgain(place, retained.Read(), _touched);
                return;
            }

            // In place of a retained message that was replaced the client gets the newer one.
            _services.Metrics.TrimmedUnread.Add(missing.Retained ? 0 : 1);
            _session.Outbound.Finish(place);
        }
    }

    /// <summary>Reads every partition up to what is announced.</summary>
    /// <returns>False when the session is no longer ours or cannot take more now.</returns>
    private async Task<bool> ReadLogAsync()
    {
        for (var partition = 0; partition < _services.Log.PartitionCount; partition++)
        {
            while (true)
            {
                long from;
                IReadOnlySet<ulong>? keys;
                lock (_session.Lock)
                {
                    if (!IsCurrent)
                    {
                        return false;
                    }

                    from = _session.Positions![partition];
                    keys = _session.Subscriptions.Keys;
                }

                if (from >= _services.Feed.AnnouncedOffset(partition))
                {
                    break;
                }

                using var read = await _services.Log.ReadAsync(partition, from, keys, ReadBytes, CancellationToken.None).ConfigureAwait(false);
                if (!Send(partition, from, read))
                {
                    return false;
                }

                _touched.Flush();
            }
        }

        return true;
    }

    /// <summary>Sends what a read found, and moves the session's position.</summary>
    /// <returns>False when the session is no longer ours or cannot take more now.</returns>
    private bool Send(int partition, long from, LogRead read)
    {
        if (read.Gap is { } gap)
        {
            var counter = gap.Reason == LogGapReason.Trimmed ? _services.Metrics.TrimmedUnread : _services.Metrics.DamagedUnread;
            counter.Add(gap.ToOffset - gap.FromOffset);
        }

        // The dispatcher has not come to what is committed but not announced; it will push that, or a later read finds it. One value for the whole
        // read: what is announced while it is being sent was left out, and must not be passed over.
        var end = Math.Min(read.NextOffset, _services.Feed.AnnouncedOffset(partition));
        foreach (var batch in read.Batches)
        {
            if (!Send(batch, from, end))
            {
                return false;
            }
        }

        return TryMoveTo(partition, end);
    }

    private bool Send(RecordBatch batch, long from, long end)
    {
        foreach (var view in batch)
        {
            if (view.Offset >= end)
            {
                return true;
            }

            if (view.Kind != RecordKind.Publish || view.Offset < from)
            {
                continue;
            }

            var record = PublishRecord.Read(view);
            if (!record.Product.SequenceEqual(_session.ProductUtf8))
            {
                continue;
            }

            lock (_session.Lock)
            {
                if (!IsCurrent)
                {
                    return false;
                }

                if (!_session.Subscriptions.TryGetTerms(record.Topic, view.Partition, view.Offset, out var terms))
                {
                    continue;
                }

                var result = _session.Sender.TrySend(view.Partition, view.Offset, record, terms, retained: false, _touched);
                _session.Positions![view.Partition] = result == SendResult.Blocked ? view.Offset : view.Offset + 1;
                if (result == SendResult.Blocked)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool TryMoveTo(int partition, long next)
    {
        lock (_session.Lock)
        {
            if (!IsCurrent)
            {
                return false;
            }

            _session.Positions![partition] = Math.Max(_session.Positions[partition], next);
            return true;
        }
    }

    /// <summary>Becomes live. Inside the gate nothing is dispatched, so what is still missing is at most the groups that came meanwhile.</summary>
    /// <returns>True when there is nothing left to do for this reader.</returns>
    private bool TryJoin()
    {
        lock (_services.Feed.Gate)
        {
            lock (_session.Lock)
            {
                if (!IsCurrent)
                {
                    return true;
                }

                if (_session.Replays.Count > 0 || HasReady() || !CatchUpInsideGate())
                {
                    return false;
                }

                _session.BecomeLive();
                return true;
            }
        }
    }

    /// <summary>Sends the groups that were dispatched while we waited for the gate: they lie in memory. Under full load it could not join otherwise.</summary>
    private bool CatchUpInsideGate()
    {
        for (var partition = 0; partition < _services.Log.PartitionCount; partition++)
        {
            var from = _session.Positions![partition];
            if (from >= _services.Feed.Dispatched[partition])
            {
                continue;
            }

            var reading = _services.Log.ReadAsync(partition, from, null, ReadBytes, CancellationToken.None);
            if (!reading.IsCompletedSuccessfully)
            {
                _ = DisposeAsync(reading.AsTask());
                return false;
            }

            using var read = reading.Result;
            if (!Send(partition, from, read) || _session.Positions[partition] < _services.Feed.Dispatched[partition])
            {
                return false;
            }
        }

        return true;
    }

    private static async Task DisposeAsync(Task<LogRead> reading) => (await reading.ConfigureAwait(false)).Dispose();
}
