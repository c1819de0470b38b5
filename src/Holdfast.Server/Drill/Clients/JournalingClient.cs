using System.Net;
using System.Net.Sockets;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Drill.Judging;

namespace Holdfast.Server.Drill.Clients;

/// <summary>A client with a persistent session that connects again whenever its connection ends.</summary>
internal abstract class JournalingClient(string name, ProtocolVersion version, IRoute route, Journal journal) : IPacketHandler
{
    private const uint SessionExpirySeconds = 3_600;
    private const ushort KeepAliveSeconds = 60;

    private readonly TaskCompletionSource<ReasonCode> _refusal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _ping;
    private long? _pingSince;
    private bool _wasConnected;

    public string Name { get; } = name;

    /// <summary>How long it waits for answers before it connects again, elsewhere; null to wait for as long as the connection stands.</summary>
    public ClientPatience? Patience { get; init; }

    /// <summary>The reason of the server's first refusal of a CONNECT, once there is one.</summary>
    public Task<ReasonCode> Refused => _refusal.Task;

    protected Journal Journal { get; } = journal;

    /// <summary>The connection; null between two.</summary>
    protected MqttLink? Link { get; private set; }

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        ConnectionEnd? last = null;
        try
        {
            while (true)
            {
                IPEndPoint server = await route.NextAsync(last, stopping);
                last = await ServeAsync(server, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }

    /// <summary>Waits until the server has handled everything that this client has sent.</summary>
    public Task SettleAsync()
    {
        _ping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var link = Link!;
        link.Ping();
        link.Flush();
        return _ping.Task;
    }

    public abstract void OnPublish(in PublishPacket packet);

    public abstract void OnAck(AckPacket packet);

    public abstract void OnSubscriptionAck(SubscriptionAckPacket packet);

    public virtual void OnPingResponse()
    {
        _pingSince = null;
        _ping?.TrySetResult();
    }

    /// <summary>A connection begins. Called before anything is read from it.</summary>
    protected abstract void OnConnected(MqttLink link);

    /// <summary>Whether an answer of the server has been missing for too long. Called by another thread than the rest.</summary>
    protected virtual bool IsOverdue(TimeSpan limit) => false;

    protected void Write(JournalAction action, string? publisher, long sequence, string? topic, int qos, bool dup = false, bool once = false) => Journal.Write(new JournalEntry
    {
        T = Journal.Now,
        Client = Name,
        Action = action,
        Publisher = publisher,
        Sequence = sequence,
        Topic = topic,
        Qos = qos,
        Dup = dup,
        Once = once,
    });

    private async Task<ConnectionEnd> ServeAsync(IPEndPoint server, CancellationToken stopping)
    {
        var connect = new ConnectPacket { Version = version, ClientId = Name, SessionExpirySeconds = SessionExpirySeconds, KeepAliveSeconds = KeepAliveSeconds };
        try
        {
            using var link = await OpenAsync(server, connect, stopping);
            if (link is null)
            {
                return ConnectionEnd.Refused;
            }

            if (link.ConnAck.Reason != ReasonCode.Success)
            {
                _refusal.TrySetResult(link.ConnAck.Reason);
                return ConnectionEnd.Refused;
            }

            if (_wasConnected && !link.ConnAck.SessionPresent)
            {
                Journal.Write(Name, JournalAction.SessionLost);
            }

            _wasConnected = true;
            _pingSince = null;
            Link = link;
            Journal.Write(new JournalEntry { T = Journal.Now, Client = Name, Action = JournalAction.Connected, Detail = server.ToString() });
            OnConnected(link);
            await RunAsync(link, stopping);
            return ConnectionEnd.Lost;
        }
        catch (SocketException)
        {
            return ConnectionEnd.NobodyThere;
        }
        finally
        {
            Link = null;
        }
    }

    private async Task<MqttLink?> OpenAsync(IPEndPoint server, ConnectPacket connect, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        if (Patience is { } patience)
        {
            limit.CancelAfter(patience.Connect);
        }

        try
        {
            return await MqttLink.OpenAsync(server, connect, limit.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }
    }

    private async Task RunAsync(MqttLink link, CancellationToken stopping)
    {
        if (Patience is not { } patience)
        {
            await link.RunAsync(this, stopping);
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task watching = WatchAsync(link, patience, ended.Token);
        try
        {
            await link.RunAsync(this, stopping);
        }
        finally
        {
            await ended.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A server that is frozen, or cut off, ends no connection: the client has to notice.
    private async Task WatchAsync(MqttLink link, ClientPatience patience, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(patience.Answer / 4);
        while (await timer.WaitForNextTickAsync(ended))
        {
            if (IsOverdue(patience.Answer) || (_pingSince is { } since && Journal.Now - since > patience.Answer.TotalMicroseconds))
            {
                Journal.Write(new JournalEntry { T = Journal.Now, Client = Name, Action = JournalAction.ConnectionLost, Detail = "no answer in time" });
                link.Dispose();
                return;
            }

            if (_pingSince is null)
            {
                _pingSince = Journal.Now;
                link.Ping();
                link.Flush();
            }
        }
    }
}
