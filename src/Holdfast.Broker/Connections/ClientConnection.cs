using System.Diagnostics;
using Holdfast.Broker.Delivery;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Limits;
using Holdfast.Broker.Limits.Overload;
using Holdfast.Broker.Sessions;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Connections;

/// <summary>
/// One network connection: takes packets in order from the transport's reader, and answers through its <see cref="Output"/>. Its session may
/// outlive it, or be taken over by another connection at any time.
/// </summary>
public sealed class ClientConnection
{
    private const string NoConnect = "NoConnect";

    private readonly SessionServices _services;
    private readonly ClientLifecycle _lifecycle;
    private readonly SubscriptionHandler _subscriptions;
    private readonly InboundPublisher _publisher;
    private readonly TouchedOutputs _touched = new();
    private InboundAliases? _aliases;
    private int _closed;
    private int _left;
    private bool _isConnecting;
    private volatile ClientIdentity? _identity;
    private readonly InboundProgress _progress;
    private readonly PublishHold _hold;

    internal ClientConnection(
        SessionServices services, ClientLifecycle lifecycle, SubscriptionHandler subscriptions, DirectRouter router, PacketOutput output, ConnectionInfo info)
    {
        _services = services;
        _lifecycle = lifecycle;
        _subscriptions = subscriptions;
        _publisher = new InboundPublisher(services, router, this);
        _progress = new InboundProgress(services.Time);
        _hold = new PublishHold(services, this);
        Output = output;
        Info = info;
        Terms = ClientTerms.Of(services.Options, info.Limits);
    }

    /// <summary>Where the packets go.</summary>
    public PacketOutput Output { get; }

    /// <summary>Where the connection comes from.</summary>
    public ConnectionInfo Info { get; }

    /// <summary>What <see cref="PacketOutcome.Wait"/> waits for.</summary>
    public Task PendingWork { get; private set; } = Task.CompletedTask;

    /// <summary>The largest packet that is read, in bytes.</summary>
    public uint MaximumPacketSize => Terms.PacketBytes;

    /// <summary>What it may do; before CONNECT what the listener allows to everybody.</summary>
    internal ClientTerms Terms { get; set; }

    /// <summary>Where what it publishes is charged to. Empty before it was let in.</summary>
    internal LimitAccount[] Accounts { get; set; } = [];

    /// <summary>What it may publish while the node has too much to do.</summary>
    internal Allowance Allowance { get; } = new();

    internal ProtocolVersion Version { get; set; } = ProtocolVersion.Mqtt5;

    internal uint ClientMaximumPacketSize { get; set; } = uint.MaxValue;

    /// <summary>The topic aliases towards the client; null when it accepts none.</summary>
    internal OutboundAliases? Aliases { get; set; }

    /// <summary>The most messages in flight towards the client.</summary>
    internal int SendLimit { get; set; }

    /// <summary>Silence after which the connection is closed: one and a half times the keep-alive [MQTT-3.1.2-22]; zero for never.</summary>
    internal TimeSpan SilenceLimit { get; set; }

    internal Session? Session { get; set; }

    /// <summary>Where it stands among the <see cref="OpenConnections"/>, who alone set this.</summary>
    internal int Place { get; set; }

    /// <summary>Whether a subscription of the client's own, not a shared one, matches a topic.</summary>
    internal bool Subscribes(ReadOnlySpan<byte> topic)
    {
        foreach (ref readonly var match in _services.Subscriptions.Match(Session!.ProductUtf8, topic).Subscribers)
        {
            if (match.Subscriber == Session)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Who the client is. Set before the session is claimed; another one when the registry changes.</summary>
    internal ClientIdentity Identity
    {
        get => _identity!;
        set => _identity = value;
    }

    internal SessionEndReason EndReason { get; private set; } = SessionEndReason.ConnectionLost;

    /// <summary>Whether a will is due when the connection ends.</summary>
    internal bool WillIsDue { get; private set; } = true;

    /// <summary>The client is not read, because of us.</summary>
    internal bool IsHeld
    {
        set => _progress.IsHeld = value;
    }

    internal bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>Handles one packet.</summary>
    /// <param name="header">Its fixed header.</param>
    /// <param name="body">What follows it.</param>
    public PacketOutcome Handle(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (IsClosed)
        {
            return PacketOutcome.Closed;
        }

        _progress.OnPacket();
        if (Session is null)
        {
            return header.Type == PacketType.Connect ? HandleConnect(header, body) : RefuseSilently();
        }

        return header.Type switch
        {
            PacketType.Publish => HandlePublish(header, body),
            PacketType.PubAck or PacketType.PubRec or PacketType.PubRel or PacketType.PubComp => HandleAck(header, body),
            PacketType.Subscribe => HandleSubscribe(header, body),
            PacketType.Unsubscribe => HandleUnsubscribe(header, body),
            PacketType.PingReq => HandlePing(header, body),
            PacketType.Disconnect => HandleDisconnect(header, body),
            PacketType.Auth => Refuse(ReasonCode.ProtocolError, "AUTH without an authentication method in CONNECT."),
            _ => Refuse(ReasonCode.ProtocolError, $"A client does not send {header.Type}, nor CONNECT twice [MQTT-3.1.0-2]."),
        };
    }

    /// <summary>Answers bytes that are no packet.</summary>
    /// <param name="status">What is wrong with them.</param>
    public void HandleBadFrame(FrameStatus status)
    {
        if (status == FrameStatus.TooLarge)
        {
            Refuse(ReasonCode.PacketTooLarge, $"A packet is larger than {MaximumPacketSize} bytes.");
        }
        else
        {
            Refuse(ReasonCode.MalformedPacket, "The bytes are no MQTT packet: packet type 0, or a remaining length of more than four bytes.");
        }
    }

    /// <summary>Sends what the packets of one read have caused. Waits a little for a subscriber that does not read: back-pressure before loss.</summary>
    /// <param name="isInsidePacket">Whether the read has ended in the middle of a packet.</param>
    public ValueTask EndOfReadAsync(bool isInsidePacket = false)
    {
        _progress.OnRead(isInsidePacket);
        var received = _publisher.TakeReceived();
        if (received > 0)
        {
            _services.Metrics.Received.Add(received);
        }

        var clogged = _touched.FlushAndFindClogged();
        return clogged is null || clogged == Output ? ValueTask.CompletedTask : new ValueTask(WaitForAsync(clogged));
    }

    /// <summary>Completes when a busy packet may be given again.</summary>
    public Task WhenRoomAsync()
    {
        _progress.IsHeld = true;
        return _publisher.WhenRoomAsync();
    }

    /// <summary>Closes the connection if it has been silent for too long.</summary>
    /// <returns>After which time to look again; zero for soon.</returns>
    internal TimeSpan CheckSilence()
    {
        // A packet may begin at any time; a look in time for the latest is one in time for all.
        var next = _services.Options.PacketDeadline;
        if (_identity?.ExpiresAt is { } expiresAt && !Wait(expiresAt - _services.Time.GetUtcNow(), ref next))
        {
            Close(ReasonCode.MaximumConnectTime, "What this client has shown has expired. Connect with what is valid now.");
        }
        else if (Session is null)
        {
            // Whoever has said who it is waits for us, not we for it.
            if (!_isConnecting && _progress.Age > _services.Options.ConnectDeadline)
            {
                RefuseSilently();
            }

            return TimeSpan.Zero;
        }
        else if (!Wait(_services.Options.PacketDeadline - _progress.PacketAge, ref next))
        {
            Close(ReasonCode.KeepAliveTimeout, $"A packet was not complete after {_services.Options.PacketDeadline.TotalSeconds:0} seconds.");
        }
        else if (SilenceLimit > TimeSpan.Zero && !Wait(SilenceLimit - _progress.Silence(), ref next))
        {
            Close(ReasonCode.KeepAliveTimeout, "Nothing was heard for one and a half times the keep-alive.");
        }

        return next;
    }

    /// <summary>Notes that a time has to be waited for.</summary>
    /// <returns>False when it is over.</returns>
    private static bool Wait(TimeSpan left, ref TimeSpan next)
    {
        next = left < next ? left : next;
        return left > TimeSpan.Zero;
    }

    /// <summary>Closes the connection with a reason.</summary>
    /// <param name="reason">Told to an MQTT 5 client.</param>
    /// <param name="message">Why, and what to do.</param>
    public void Close(ReasonCode reason, string message)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        EndReason = SessionEndReason.ServerClosed;
        _hold.End();
        _services.Metrics.Disconnects.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
        if (IsRefusal(reason))
        {
            _services.Refusals.Note("connection", reason.ToString(), $"{Info.Remote}: {message}");
        }

        if (Session is not null && Version == ProtocolVersion.Mqtt5)
        {
            // Whoever is sent away because of this node, not because of itself, is told of another.
            var isOurFault = reason is ReasonCode.ServerBusy or ReasonCode.ServerShuttingDown;
            var reference = isOurFault ? _services.OtherEntrance() : null;
            ControlPackets.Write(this, new DisconnectPacket
            {
                Reason = reference is null ? reason : ReasonCode.UseAnotherServer,
                ReasonString = message,
                ServerReference = reference,
                UserProperties = isOurFault && reference is null ? [_services.RetrySlots.Take()] : [],
            });
        }

        Output.Close();
    }

    /// <summary>The network connection has ended, by whomever. Called once, by the transport.</summary>
    public Task OnEndedAsync()
    {
        Interlocked.Exchange(ref _closed, 1);
        if (_identity is not null)
        {
            _services.IdentityConnections.Remove(this);
        }

        _hold.End();
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            _services.Ledger.Leave(Accounts);
        }

        return _lifecycle.OnConnectionEndedAsync(this);
    }

    /// <summary>Closes the connection because of what it sent [MQTT-4.8.0-1] [MQTT-4.13.1-1].</summary>
    internal PacketOutcome Refuse(ReasonCode reason, string message)
    {
        Close(reason, message);
        return PacketOutcome.Closed;
    }

    /// <summary>What was sent could not be stored: without an acknowledgement the client keeps it, and without a connection it buffers.</summary>
    internal void CloseForFullDisk() => Close(ReasonCode.QuotaExceeded, "There is no room to store messages. Keep them and try again later.");

    /// <summary>Whether somebody is sent away for what he did: neither for what the node does, nor because he has come elsewhere.</summary>
    private static bool IsRefusal(ReasonCode reason)
        => reason is not (ReasonCode.ServerBusy or ReasonCode.ServerShuttingDown or ReasonCode.SessionTakenOver or ReasonCode.KeepAliveTimeout or ReasonCode.AdministrativeAction or ReasonCode.MaximumConnectTime);

    private PacketOutcome RefuseSilently()
    {
        // The first packet must be CONNECT [MQTT-3.1.0-1]; whoever sends another speaks another protocol.
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _services.Metrics.Disconnects.Add(1, new KeyValuePair<string, object?>("reason", NoConnect));
            _services.Refusals.Note("connection", NoConnect, $"{Info.Remote} has sent no CONNECT in time, or something else first.");
        }

        Output.Close();
        return PacketOutcome.Closed;
    }

    private PacketOutcome Refuse(DecodeError error) => Refuse(error.Reason, error.Clause.Length == 0 ? error.Message : $"{error.Message} [{error.Clause}]");

    private async Task WaitForAsync(PacketOutput clogged)
    {
        using var patience = new CancellationTokenSource(_services.Options.QosZeroPatience, _services.Time);
        try
        {
            await clogged.WhenDrainedAsync().WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // From now on its QoS 0 messages are dropped and counted until it reads again.
        }
    }

    private PacketOutcome HandleConnect(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        // Also a refusal is written in the client's version; a level above 5 is answered in ours [MQTT-3.1.2-2].
        Version = PacketDecoder.ReadProtocolLevel(body) <= (byte)ProtocolVersion.Mqtt311 ? ProtocolVersion.Mqtt311 : ProtocolVersion.Mqtt5;
        if (!PacketDecoder.TryDecodeConnect(header.Flags, body, out var packet, out var error))
        {
            return _lifecycle.RefuseConnect(this, error.Reason, error.Message);
        }

        Debug.Assert(packet is not null, "A decoder that succeeds returns a packet.");
        _isConnecting = true;
        PendingWork = _lifecycle.ConnectAsync(this, packet);
        return PacketOutcome.Wait;
    }

    private PacketOutcome HandlePublish(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (!PacketDecoder.TryDecodePublish(header.Flags, body, Version, out var packet, out var error))
        {
            return Refuse(error);
        }

        if (packet.TopicAlias != 0 && !(_aliases ??= new InboundAliases()).TryResolve(ref packet, out var reason, out var message))
        {
            return Refuse(reason, message);
        }

        var outcome = _publisher.Publish(packet, _touched);
        if (outcome != PacketOutcome.Continue || _hold.Charge(_publisher.TakeAccepted(), header.Length) is not { } held)
        {
            return outcome;
        }

        PendingWork = held;
        return IsClosed ? PacketOutcome.Closed : PacketOutcome.Wait;
    }

    private PacketOutcome HandleAck(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (!PacketDecoder.TryDecodeAck(header.Type, header.Flags, body, Version, out var packet, out var error))
        {
            return Refuse(error);
        }

        switch (header.Type)
        {
            case PacketType.PubRel:
                return _publisher.Release(packet.PacketId, _touched);
            case PacketType.PubAck:
                Session!.Sender.OnPubAck(packet.PacketId);
                break;
            case PacketType.PubRec:
                if (Session!.Sender.OnPubRec(packet.PacketId, packet.Reason) is { } answer)
                {
                    MessageWriter.Write(this, answer);
                    _touched.Add(Output);
                }

                break;
            default:
                Session!.Sender.OnPubComp(packet.PacketId);
                break;
        }

        return PacketOutcome.Continue;
    }

    private PacketOutcome HandleSubscribe(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (!PacketDecoder.TryDecodeSubscribe(header.Flags, body, Version, out var packet, out var error))
        {
            return Refuse(error);
        }

        PendingWork = _subscriptions.SubscribeAsync(this, packet!);
        return PacketOutcome.Wait;
    }

    private PacketOutcome HandleUnsubscribe(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (!PacketDecoder.TryDecodeUnsubscribe(header.Flags, body, Version, out var packet, out var error))
        {
            return Refuse(error);
        }

        PendingWork = _subscriptions.UnsubscribeAsync(this, packet!);
        return PacketOutcome.Wait;
    }

    private PacketOutcome HandlePing(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (!PacketDecoder.TryDecodePing(header.Flags, body, out var error))
        {
            return Refuse(error);
        }

        ControlPackets.WritePingResponse(this);
        _touched.Add(Output);
        return PacketOutcome.Continue;
    }

    private PacketOutcome HandleDisconnect(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (!PacketDecoder.TryDecodeDisconnect(header.Flags, body, Version, out var packet, out var error))
        {
            return Refuse(error);
        }

        if (packet!.SessionExpirySeconds is { } seconds)
        {
            if (seconds > 0 && !Session!.IsPersistent)
            {
                return Refuse(ReasonCode.ProtocolError, "DISCONNECT may not give a session expiry to a session that had none [MQTT-3.14.2-2].");
            }

            Session!.ExpirySeconds = Math.Min(seconds, (uint)_services.Options.MaximumSessionExpiry.TotalSeconds);
        }

        // Only a normal DISCONNECT removes the will; one that tells an error does not [MQTT-3.1.2-10] [MQTT-3.14.4-3].
        WillIsDue = packet.Reason != ReasonCode.Success;
        EndReason = SessionEndReason.ClientDisconnected;
        Interlocked.Exchange(ref _closed, 1);
        Output.Close();
        return PacketOutcome.Closed;
    }
}
