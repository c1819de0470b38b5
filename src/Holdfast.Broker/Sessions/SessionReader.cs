using Holdfast.Broker.Connections;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Sessions;

/// <summary>Takes one session that is behind through what must be sent again, then retained messages, then the log.</summary>
internal sealed class SessionReader : LogReader
{
    private readonly Session _session;
    private readonly ClientConnection _connection;
    private readonly RetainedSender _retained;
    private readonly bool _isNewConnection;

    private SessionReader(SessionServices services, Session session, ClientConnection connection, bool isNewConnection)
        : base(services, session)
    {
        _session = session;
        _connection = connection;
        _isNewConnection = isNewConnection;
        _retained = new RetainedSender(services, session, connection, Touched);
    }

    protected override bool IsCurrent => _session.Connection == _connection && _session.Mode == SessionMode.Behind;

    protected override bool HasOther => _session.HasReplays || HasReady();

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

    protected override void Begin()
    {
        _session.Queue?.Begin();
        if (_isNewConnection)
        {
            SendReleasesAgain();
        }
    }

    protected override async Task<bool> SendOtherAsync()
    {
        if (_session.Queue is { IsMeasureDue: true } queue)
        {
            await queue.MeasureAsync().ConfigureAwait(false);
        }

        return await SendWhatMustBeSentAgainAsync().ConfigureAwait(false) && _retained.SendAll();
    }

    protected override Task? BlockedBy(Task woken)
        => _connection.Output.IsClogged ? Task.WhenAny(woken, _connection.Output.WhenDrainedAsync()) : IsBlocked() ? woken : null;

    protected override void OnFailed(Exception exception)
    {
        Services.Logger.LogError(exception, "Session {Client} of {Product}: reading the log failed; its connection is closed", _session.ClientId, _session.Product);
        _connection.Close(ReasonCode.UnspecifiedError, "The log could not be read. Connect again.");
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
                    Touched.Add(_connection.Output);
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

            using var read = await Services.Log.ReadAsync(next.Partition, next.Offset, null, 1, CancellationToken.None).ConfigureAwait(false);
            if (!SendReady(next, read))
            {
                SendMissing(next);
            }

            Touched.Flush();
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

                if (!_session.Sender.TrySendAgain(place, PublishRecord.Read(records.Current), Touched))
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
                _session.Sender.TrySendAgain(place, retained.Read(), Touched);
                return;
            }

            // In place of a retained message that was replaced the client gets the newer one.
            if (!missing.Retained)
            {
                Services.CountUnread(LogGapReason.Trimmed, _session.Product, 1);
            }

            _session.Outbound.Finish(place);
        }
    }
}
