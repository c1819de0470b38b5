using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Holdfast.Transport.Sockets;

/// <summary>
/// A TCP connection whose pipes are its socket itself. There are many of them and most are idle, so what is rarely asked for is made when it is asked for.
/// </summary>
internal sealed class DirectConnection : ConnectionContext, IConnectionSocketFeature
{
    /// <summary>As many as Kestrel adds.</summary>
    private const int UsualFeatures = 4;

    private static long _lastId;

    private readonly Action _onClosed;
    private readonly DirectSocket _direct;
    private readonly Lock _lock = new();
    private CancellationTokenSource? _closing;
    private bool _isClosed;

    /// <param name="socket">An accepted socket, which ends with the connection.</param>
    /// <param name="onClosed">Called once the socket has ended.</param>
    public DirectConnection(Socket socket, Action onClosed)
    {
        _onClosed = onClosed;
        _direct = new DirectSocket(socket);
        RemoteEndPoint = socket.RemoteEndPoint;
    }

    /// <inheritdoc/>
    public Socket Socket => _direct.Socket;

    /// <inheritdoc/>
    public override string ConnectionId { get => field ??= Interlocked.Increment(ref _lastId).ToString("X", CultureInfo.InvariantCulture); set; }

    /// <inheritdoc/>
    public override IFeatureCollection Features => field ??= NewFeatures();

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items { get => field ??= new Dictionary<object, object?>(); set; }

    /// <inheritdoc/>
    public override IDuplexPipe Transport { get => field ?? _direct; set; }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint { get => field ?? Socket.LocalEndPoint; set; }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get; set; }

    /// <inheritdoc/>
    public override CancellationToken ConnectionClosed
    {
        get
        {
            lock (_lock)
            {
                return _isClosed ? new CancellationToken(canceled: true) : (_closing ??= new CancellationTokenSource()).Token;
            }
        }
        set => throw new NotSupportedException("The socket alone says when it is closed.");
    }

    /// <summary>What was received and not taken yet, in bytes. For whoever reads.</summary>
    public int UnreadBytes => _direct.Reader.UnreadBytes;

    /// <summary>Cuts the connection: the peer sees a reset.</summary>
    /// <param name="abortReason">Why.</param>
    public override void Abort(ConnectionAbortedException abortReason) => _direct.Abort();

    /// <summary>Ends the connection in order.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (TryBeginClosing())
        {
            await CloseAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    private FeatureCollection NewFeatures()
    {
        var features = new FeatureCollection(UsualFeatures);
        features.Set<IConnectionSocketFeature>(this);
        return features;
    }

    private bool TryBeginClosing()
    {
        lock (_lock)
        {
            return !_isClosed && (_isClosed = true);
        }
    }

    private async Task CloseAsync()
    {
        _direct.Dispose();
        if (_closing is not null)
        {
            await _closing.CancelAsync().ConfigureAwait(false);
            _closing.Dispose();
        }

        _onClosed();
    }
}
