using System.Net.Sockets;
using Holdfast.Crash.Journals;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Crash.Clients;

/// <summary>A client with a persistent session that connects again whenever its connection ends.</summary>
internal abstract class JournalingClient(string name, ProtocolVersion version, ServerAddress address, Journal journal) : IPacketHandler
{
    private const uint SessionExpirySeconds = 3_600;

    private readonly TaskCompletionSource<ReasonCode> _refusal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _ping;
    private bool _wasConnected;

    public string Name { get; } = name;

    /// <summary>The reason of the server's first refusal of a CONNECT, once there is one.</summary>
    public Task<ReasonCode> Refused => _refusal.Task;

    protected Journal Journal { get; } = journal;

    /// <summary>The connection; null between two.</summary>
    protected MqttLink? Link { get; private set; }

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var life = 0;
        try
        {
            while (true)
            {
                var (newest, port) = await address.AfterAsync(life, stopping);
                if (!await TryServeAsync(port, stopping))
                {
                    // Nobody listens there any more: that life is over.
                    life = newest;
                }
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

    public virtual void OnPingResponse() => _ping?.TrySetResult();

    /// <summary>A connection begins. Called before anything is read from it.</summary>
    protected abstract void OnConnected(MqttLink link);

    protected void Write(JournalAction action, string? publisher, long sequence, string? topic, int qos, bool dup = false) => Journal.Write(new JournalEntry
    {
        T = Journal.Now,
        Client = Name,
        Action = action,
        Publisher = publisher,
        Sequence = sequence,
        Topic = topic,
        Qos = qos,
        Dup = dup,
    });

    /// <returns>False when nobody listens.</returns>
    private async Task<bool> TryServeAsync(int port, CancellationToken stopping)
    {
        var connect = new ConnectPacket { Version = version, ClientId = Name, SessionExpirySeconds = SessionExpirySeconds };
        try
        {
            using var link = await MqttLink.OpenAsync(port, connect, stopping);
            if (link is null)
            {
                return true;
            }

            if (link.ConnAck.Reason != ReasonCode.Success)
            {
                _refusal.TrySetResult(link.ConnAck.Reason);
                return true;
            }

            if (_wasConnected && !link.ConnAck.SessionPresent)
            {
                Journal.Write(Name, JournalAction.SessionLost);
            }

            _wasConnected = true;
            Link = link;
            OnConnected(link);
            await link.RunAsync(this, stopping);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        finally
        {
            Link = null;
        }
    }
}
