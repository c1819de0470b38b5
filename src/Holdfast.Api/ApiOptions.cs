using Holdfast.Api.Security;

namespace Holdfast.Api;

/// <summary>How the HTTP surface behaves.</summary>
public sealed record ApiOptions
{
    /// <summary>The token that opens everything.</summary>
    public required AdminToken AdminToken { get; init; }

    /// <summary>Whether a client on this machine may publish for the product <c>default</c>, and read the metrics, without a token.</summary>
    public bool AllowAnonymousLoopback { get; init; } = true;

    /// <summary>Whether any client may. Never for the management of integrations.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>The largest payload accepted, in bytes, after base64 is decoded.</summary>
    public int MaximumPayloadBytes { get; init; } = 256_000;

    /// <summary>Event streams that may be open at the same time; each holds up to a megabyte while it is behind.</summary>
    public int MaximumEventStreams { get; init; } = 256;

    /// <summary>Pages of events that may be read at the same time.</summary>
    public int MaximumPageReaders { get; init; } = 64;

    /// <summary>Answers with the last events that may be made at the same time; each reads much of the log.</summary>
    public int MaximumLastReaders { get; init; } = 4;

    /// <summary>Custody reports that may be made at the same time; each reads much of the log and of the journal of attempts.</summary>
    public int MaximumCustodyReaders { get; init; } = 4;
}
