using System.Globalization;
using System.Text;
using Holdfast.Broker.Access;
using Holdfast.Broker.Health;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Limits;
using Holdfast.Broker.Limits.Overload;
using Holdfast.Broker.Sessions;
using Holdfast.Broker.Wills;
using Holdfast.Log.State;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Microsoft.Extensions.Logging;

namespace Holdfast.Broker.Connections;

/// <summary>The beginning and the end of connections: CONNECT, take-over, and what becomes of the session and the will afterwards.</summary>
internal sealed class ClientLifecycle(
    SessionServices services, SessionRegistry registry, ISessionStore store, ISessionKeeper keeper, SessionEnding ending, ICommitHealth health, WillScheduler wills, SessionExpiry expiry)
{
    private const int MaximumClientIdBytes = 1024;

    /// <summary>How often a session is claimed anew that another node has got meanwhile.</summary>
    private const int MostClaims = 5;

    /// <summary>Handles CONNECT: claims the session, makes it durable, answers, and starts delivery.</summary>
    public async Task ConnectAsync(ClientConnection connection, ConnectPacket packet)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        connection.Version = packet.Version;
        connection.ClientMaximumPacketSize = packet.MaximumPacketSize;
        if (Refusal(connection, packet) is { } refusal)
        {
            RefuseConnect(connection, refusal.Reason, refusal.Message);
            return;
        }

        var admission = services.Authenticator.Admit(packet, connection.Info);
        if (admission.Identity is not { } identity)
        {
            RefuseConnect(connection, admission.Reason, admission.Message);
            return;
        }

        connection.Terms = ClientTerms.Of(services.Options, services.Ledger.LimitsOf(connection.Info, identity));
        if (Refusal(packet, identity, connection.Terms) is { } forbidden)
        {
            RefuseConnect(connection, forbidden.Reason, forbidden.Message);
            return;
        }

        var clientId = packet.ClientId.Length > 0 ? packet.ClientId : $"auto-{Guid.NewGuid():N}";
        if (!await EnterAsync(connection, identity, clientId).ConfigureAwait(false))
        {
            return;
        }

        connection.Identity = identity;
        services.IdentityConnections.Add(connection);
        if (!await services.ConnectPlaces.TryTakeAsync().ConfigureAwait(false))
        {
            RefuseConnect(connection, ReasonCode.ServerBusy, "Too many clients connect at the same time. Try again in a moment.");
            return;
        }

        try
        {
            await BringAsync(connection, packet, identity, clientId).ConfigureAwait(false);
        }
        finally
        {
            services.ConnectPlaces.GiveBack();
        }
    }

    /// <summary>Brings the session here, and answers.</summary>
    private async Task BringAsync(ClientConnection connection, ConnectPacket packet, ClientIdentity identity, string clientId)
    {
        try
        {
            for (var count = 0; count < MostClaims; count++)
            {
                if (await ClaimAsync(connection, packet, identity.SessionName(clientId)).ConfigureAwait(false) is { } claim
                    && (!claim.IsPresent || await SubscriptionGuard.RemoveForbiddenAsync(services, store, claim.Session, connection.Identity.Rights).ConfigureAwait(false)))
                {
                    Welcome(connection, packet, claim, clientId);
                    return;
                }
            }

            RefuseConnect(connection, ReasonCode.ServerUnavailable, "The session went to other nodes. Connect again.");
        }
        catch (StateStoreFullException exception)
        {
            services.Logger.LogWarning("Session {Client} refused: {Message}", clientId, exception.Message);
            RefuseConnect(connection, ReasonCode.QuotaExceeded, "There is no room to store the session. Try again later.");
        }
        catch (Exception exception) when (exception is SessionUnavailableException || (services.SessionsTravel && exception is StateStoreException))
        {
            services.Logger.LogWarning("Session {Client} refused: {Message}", clientId, exception.Message);
            RefuseConnect(connection, ReasonCode.ServerUnavailable, "The session could not be brought to this node. Try again later.");
        }
    }

    /// <summary>Answers a CONNECT with a refusal and closes.</summary>
    public PacketOutcome RefuseConnect(ClientConnection connection, ReasonCode reason, string message)
    {
        services.Metrics.ConnectsRefused.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
        services.Refusals.Note("connect", reason.ToString(), $"{connection.Info.Remote}: {message}");
        var reference = reason is ReasonCode.ServerUnavailable or ReasonCode.ServerBusy ? services.OtherEntrance() : null;
        ControlPackets.Write(connection, new ConnAckPacket
        {
            Reason = reference is null ? reason : ReasonCode.UseAnotherServer,
            ReasonString = message,
            ServerReference = reference,
            UserProperties = ComesBack(reason) && reference is null ? [services.RetrySlots.Take()] : [],
        });
        connection.Output.Close();
        return PacketOutcome.Closed;
    }

    /// <summary>Whether the same CONNECT may succeed later, so that a client that knows Holdfast is told when.</summary>
    private static bool ComesBack(ReasonCode reason) => reason is ReasonCode.ServerUnavailable or ReasonCode.ServerBusy or ReasonCode.ConnectionRateExceeded;

    /// <summary>Lets the client in as far as limits go: it waits for its turn, or is refused.</summary>
    private async Task<bool> EnterAsync(ClientConnection connection, ClientIdentity identity, string clientId)
    {
        var replaces = registry.Find(identity.Product, identity.SessionName(clientId))?.Claimant is not null;
        var entry = services.Ledger.Enter(connection.Info, identity, replaces);
        var limit = entry.Reason == ReasonCode.QuotaExceeded ? "connections" : "connect-rate";
        if (entry.Accounts is null)
        {
            services.Metrics.CountLimited(entry.Scope!.Value.Word(), limit, "refuse");
            RefuseConnect(connection, entry.Reason, entry.Message);
            return false;
        }

        connection.Accounts = entry.Accounts;
        if (entry.Wait > TimeSpan.Zero)
        {
            services.Metrics.CountLimited(entry.Scope!.Value.Word(), limit, "wait");
            await Task.Delay(entry.Wait, services.Time).ConfigureAwait(false);
        }

        return !connection.IsClosed;
    }

    /// <summary>Claims the session and makes it durable.</summary>
    /// <returns>Null when another node has got the session meanwhile.</returns>
    private async Task<SessionClaim?> ClaimAsync(ClientConnection connection, ConnectPacket packet, string sessionName)
    {
        var product = connection.Identity.Product;
        var expirySeconds = Math.Min(packet.SessionExpirySeconds, (uint)services.Options.MaximumSessionExpiry.TotalSeconds);
        using var arrival = await keeper.ArriveAsync(product, sessionName).ConfigureAwait(false);
        var claim = registry.Claim(connection, product, sessionName, packet.CleanStart || arrival.HasExpired, expirySeconds, expiry.HasExpired);
        var session = claim.Session;
        EndPrevious(claim);
        expiry.Cancel(session);
        wills.Cancel(session);
        session.DisconnectedAt = null;
        session.Will = packet.Will is null ? null : WillRecord.Create(packet.Will, session, isNamed: services.SessionsTravel);
        try
        {
            if (await keeper.SaveAsync(claim).ConfigureAwait(false))
            {
                return claim;
            }
        }
        catch (StateStoreException)
        {
            GiveBack(claim, connection);
            throw;
        }

        if (registry.Remove(session))
        {
            ending.Forget(session);
        }

        return null;
    }

    /// <summary>A session that could not be stored waits for its client as before; a new one is forgotten.</summary>
    private void GiveBack(SessionClaim claim, ClientConnection connection)
    {
        var session = claim.Session;
        var isReleased = registry.Release(session, connection, () =>
        {
            session.DisconnectedAt = services.Time.GetUtcNow();
            StartWaiting(session, willIsDue: false);
        });
        if (isReleased && !claim.IsPresent && registry.Remove(session))
        {
            expiry.Cancel(session);
            session.End();
        }
        else if (isReleased && services.SessionsTravel)
        {
            _ = keeper.SettleAsync(session);
        }
    }

    /// <summary>Lets the session go when its connection has ended.</summary>
    public async Task OnConnectionEndedAsync(ClientConnection connection)
    {
        if (connection.Session is not { } session)
        {
            return;
        }

        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        Detach(session, connection);
        if (registry.Release(session, connection, () => StartWaiting(session, connection.WillIsDue)))
        {
            await keeper.SettleAsync(session).ConfigureAwait(false);
        }
    }

    private (ReasonCode Reason, string Message)? Refusal(ClientConnection connection, ConnectPacket packet)
    {
        if (health.State != CommitState.Committing)
        {
            return (ReasonCode.ServerUnavailable, health.Reason);
        }

        if (services.Overload.Level == OverloadLevel.Shedding)
        {
            return (ReasonCode.ServerBusy, "The node has more to do than it can. Connect to another, or again in a moment.");
        }

        if (packet.AuthenticationMethod is not null)
        {
            return (ReasonCode.BadAuthenticationMethod, "This server has no extended authentication.");
        }

        if (packet.ClientId.Length == 0 && packet.Version == ProtocolVersion.Mqtt311 && !packet.CleanStart)
        {
            return (ReasonCode.ClientIdentifierNotValid, "An empty client identifier needs a clean session [MQTT-3.1.3-8].");
        }

        if (Encoding.UTF8.GetByteCount(packet.ClientId) > MaximumClientIdBytes)
        {
            return (ReasonCode.ClientIdentifierNotValid, $"The client identifier has more than {MaximumClientIdBytes} bytes.");
        }

        return null;
    }

    private (ReasonCode Reason, string Message)? Refusal(ConnectPacket packet, ClientIdentity identity, ClientTerms terms)
        => identity.Owner.Length == 0 && ClientIdentity.IsReserved(packet.ClientId)
            ? (ReasonCode.ClientIdentifierNotValid, "Client identifiers that begin with $device/ and $token/ are for clients with credentials.")
            : packet.Will is null ? null : Refusal(packet.Will, identity.Rights, terms);

    private (ReasonCode Reason, string Message)? Refusal(Will will, Rights rights, ClientTerms terms)
    {
        if (will.Topic.StartsWith('$'))
        {
            return (ReasonCode.NotAuthorized, "The will's topic begins with $, which belongs to the server.");
        }

        var topic = Encoding.UTF8.GetBytes(will.Topic);
        if (!rights.MayPublish(topic))
        {
            return (ReasonCode.NotAuthorized, "This client may not publish on the topic of its will.");
        }

        if (terms.ProblemOf(topic) is { } problem)
        {
            return (ReasonCode.TopicNameInvalid, $"The will: {problem}");
        }

        return will.Payload.Length > services.Options.MaximumPayload
            ? (ReasonCode.PacketTooLarge, $"The will has {will.Payload.Length} bytes; this server accepts {services.Options.MaximumPayload}.")
            : null;
    }

    /// <summary>Closes the connection that had the session, and ends a session that a clean start replaces [MQTT-3.1.4-3] [MQTT-3.1.2-4].</summary>
    private void EndPrevious(SessionClaim claim)
    {
        if (claim.PreviousOwner is { } previous)
        {
            previous.Close(ReasonCode.SessionTakenOver, "Another connection has used the same client identifier.");
            Detach(claim.Discarded ?? claim.Session, previous);
            SettleWillOfTakenOver(claim, previous);
        }

        if (claim.Discarded is { } discarded)
        {
            expiry.Cancel(discarded);
            ending.Forget(discarded);
            _ = wills.PublishNowAsync(discarded);
        }
    }

    /// <summary>A take-over ends the old connection without DISCONNECT; a will with a delay is not sent when the session goes on [MQTT-3.1.3-9].</summary>
    private void SettleWillOfTakenOver(SessionClaim claim, ClientConnection previous)
    {
        var session = claim.Discarded ?? claim.Session;
        if (!previous.WillIsDue || (claim.IsPresent && session.Will is { DelaySeconds: > 0 }))
        {
            session.Will = null;
        }

        _ = wills.PublishNowAsync(session);
    }

    private void Welcome(ClientConnection connection, ConnectPacket packet, SessionClaim claim, string clientId)
    {
        var session = claim.Session;
        connection.SendLimit = Math.Min(packet.ReceiveMaximum, connection.Terms.SendMaximum);
        var keepAliveSeconds = KeepAliveSeconds(packet);
        connection.SilenceLimit = TimeSpan.FromSeconds(keepAliveSeconds * 1.5);
        connection.Aliases = packet.TopicAliasMaximum == 0 ? null : new OutboundAliases(packet.TopicAliasMaximum);
        services.Metrics.Connects.Add(1);
        ControlPackets.Write(connection, new ConnAckPacket
        {
            Reason = ReasonCode.Success,
            SessionPresent = claim.IsPresent,
            SessionExpirySeconds = session.ExpirySeconds == packet.SessionExpirySeconds ? null : session.ExpirySeconds,
            ReceiveMaximum = connection.Terms.ReceiveMaximum,
            MaximumPacketSize = connection.MaximumPacketSize,
            AssignedClientId = packet.ClientId.Length == 0 ? clientId : null,
            TopicAliasMaximum = InboundAliases.Maximum,
            ServerKeepAliveSeconds = keepAliveSeconds == packet.KeepAliveSeconds ? null : keepAliveSeconds,
            ResponseInformation = packet.RequestResponseInformation ? ResponseInformation(connection.Identity, clientId) : null,
            UserProperties = ForDevices(),
        });

        session.Queue = connection.Terms is { QueueAgeMilliseconds: null, QueueBytes: null } ? null : new SessionQueue(services, session, connection.Terms);

        // Behind CONNACK: who is closed before it gets no DISCONNECT [MQTT-3.14.0-1].
        connection.Session = session;
        connection.Output.Flush();
        bool attached;
        lock (services.Feed.Gate)
        {
            // Inside the gate: a message whose publisher knows of its commit was committed before, for this client too.
            attached = session.TryAttach(connection, services.Feed.Dispatched);
        }

        if (!attached)
        {
            connection.Close(ReasonCode.SessionTakenOver, "Another connection has used the same client identifier.");
        }
        else if (connection.IsClosed)
        {
            // Closed while it was being attached, by a take-over or a stall: nobody else lets the session go.
            _ = OnConnectionEndedAsync(connection);
        }
    }

    /// <summary>Tells devices that batches of this version are unpacked here, which no other broker does, and what time it is.</summary>
    private UserProperty[] ForDevices() => [new("hf-batch", "1"), new("hf-receipts", "1"), new("hf-time", services.NowMilliseconds.ToString(CultureInfo.InvariantCulture))];

    /// <summary>The client's keep-alive, or ours when it is to be shorter. A client of 3.1.1 cannot be told, so its own counts [MQTT-3.1.2-21].</summary>
    private ushort KeepAliveSeconds(ConnectPacket packet)
    {
        var asked = packet.KeepAliveSeconds;
        return packet.Version == ProtocolVersion.Mqtt5 && services.Options.MaximumKeepAlive is { } limit && (asked == 0 || asked > limit.TotalSeconds)
            ? (ushort)Math.Clamp(limit.TotalSeconds, 1, ushort.MaxValue)
            : asked;
    }

    /// <summary>Where answers to this client are published: an anonymous client stands for the device of its name. None when that is no topic level.</summary>
    private static string? ResponseInformation(ClientIdentity identity, string clientId)
        => identity.Device is { } device ? $"devices/{device}/replies" : identity.Token is not null ? null : clientId.AsSpan().IndexOfAny("/+#") < 0 ? $"devices/{clientId}/replies" : null;

    private void Detach(Session session, ClientConnection connection)
    {
        lock (services.Feed.Gate)
        {
            session.Detach(connection, services.Feed.Dispatched, services.Time.GetUtcNow());
        }
    }

    private void StartWaiting(Session session, bool willIsDue)
    {
        if (!willIsDue)
        {
            session.Will = null;
        }

        keeper.StartWaiting(session);
    }
}
