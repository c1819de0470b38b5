using System.Threading.Channels;

namespace Holdfast.Clients.Drivers;

/// <summary>
/// An MQTT client that nobody here wrote, and how to work it. What is awaited has been acknowledged by the server in the way that the client
/// learns of it.
/// </summary>
public abstract class ForeignClient : IAsyncDisposable
{
    private static readonly TimeSpan MessageLimit = TimeSpan.FromSeconds(30);

    private readonly Channel<ReceivedMessage> _received = Channel.CreateUnbounded<ReceivedMessage>();

    /// <summary>Connects. From then on the client reconnects by itself.</summary>
    public abstract Task ConnectAsync(ClientSettings settings);

    /// <summary>Subscribes. At most once for each connection, since a command-line client can do no more.</summary>
    public abstract Task SubscribeAsync(string filter, int qualityOfService);

    /// <summary>Publishes; ends with the acknowledgement.</summary>
    public abstract Task PublishAsync(string topic, byte[] payload, int qualityOfService, bool retain = false);

    /// <summary>Disconnects in order.</summary>
    public abstract Task DisconnectAsync();

    /// <summary>Breaks the connection without a DISCONNECT.</summary>
    public abstract Task BreakAsync();

    /// <summary>The next message.</summary>
    public async Task<ReceivedMessage> ReceiveAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(MessageLimit);
        try
        {
            return await _received.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No message within {MessageLimit.TotalSeconds:N0} s.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ReleaseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends the client in any state.</summary>
    protected abstract Task ReleaseAsync();

    /// <summary>Takes a message that has arrived.</summary>
    protected void Take(ReceivedMessage message) => _received.Writer.TryWrite(message);
}

/// <summary>What carries MQTT.</summary>
public enum Carrier
{
    Tcp,
    Tls,
    WebSocket,
    WebSocketOverTls,
}

/// <summary>How to connect.</summary>
/// <param name="Port">The server's port on localhost.</param>
/// <param name="Version">4 for MQTT 3.1.1, 5 for MQTT 5.</param>
/// <param name="ClientId">The client identifier.</param>
public sealed record ClientSettings(int Port, int Version, string ClientId)
{
    /// <summary>Clean session or clean start. Otherwise the session outlives the connection.</summary>
    public bool Clean { get; init; } = true;

    /// <summary>What the port speaks.</summary>
    public Carrier Carrier { get; init; }

    /// <summary>The certificate to trust, in PEM.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>Whether TLS is below.</summary>
    public bool IsTls => Carrier is Carrier.Tls or Carrier.WebSocketOverTls;

    /// <summary>Whether WebSocket is below, at <c>/mqtt</c>.</summary>
    public bool IsWebSocket => Carrier is Carrier.WebSocket or Carrier.WebSocketOverTls;

    /// <summary>The will, or null.</summary>
    public ReceivedMessage? Will { get; init; }
}

/// <summary>A message.</summary>
/// <param name="Topic">The topic name.</param>
/// <param name="Payload">The application message.</param>
/// <param name="QualityOfService">The quality of service it came with.</param>
/// <param name="Retain">The RETAIN flag it came with.</param>
public sealed record ReceivedMessage(string Topic, byte[] Payload, int QualityOfService, bool Retain)
{
    /// <summary>The payload as text.</summary>
    public string Text => System.Text.Encoding.UTF8.GetString(Payload);
}
