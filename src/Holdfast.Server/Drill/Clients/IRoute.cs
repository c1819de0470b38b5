using System.Net;

namespace Holdfast.Server.Drill.Clients;

/// <summary>How a connection, or the attempt to make one, ended.</summary>
internal enum ConnectionEnd
{
    /// <summary>Nobody listens there, or nobody answers.</summary>
    NobodyThere,

    /// <summary>The server closed it, or refused, before it was of use.</summary>
    Refused,

    /// <summary>It stood, and was lost.</summary>
    Lost,
}

/// <summary>A client's reconnect policy: where to connect next, and when.</summary>
internal interface IRoute
{
    /// <summary>Waits until it is time, and tells where to connect.</summary>
    /// <param name="last">How the last connection ended; null before the first.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<IPEndPoint> NextAsync(ConnectionEnd? last, CancellationToken cancellationToken);
}
