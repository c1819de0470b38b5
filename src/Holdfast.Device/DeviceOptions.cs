using System.Net;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Device.Batches;
using Holdfast.Device.Commands;
using Holdfast.Device.Dialing;
using Holdfast.Device.Fallback;
using Holdfast.Device.Outbox;
using Holdfast.Device.Receipts;

namespace Holdfast.Device;

/// <summary>What a device needs to know.</summary>
public sealed record DeviceOptions
{
    /// <summary>With what else is in a batch it stays below the 256 kB that a node accepts by default.</summary>
    private const int LargestBatchBytes = 128 * 1024;

    private static readonly TimeSpan LongestRest = TimeSpan.FromDays(1);

    /// <summary>The device's id: its events go to <c>devices/{id}/events/…</c>.</summary>
    public required string DeviceId { get; init; }

    /// <summary>Where the cloud is, the preferred one first: <c>mqtt://</c>, <c>mqtts://</c>, <c>ws://</c> or <c>wss://</c>.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>Where events wait.</summary>
    public OutboxOptions Outbox { get; init; } = new();

    /// <summary>The user name, <c>{product}/{device id}</c> or <c>token</c>; null for none.</summary>
    public string? UserName { get; init; }

    /// <summary>The device key or the token; null for none.</summary>
    public string? Password { get; init; }

    /// <summary>The certificates of one's own authority, trusted instead of the system's; null for the system's.</summary>
    public X509Certificate2Collection? TrustedAuthorities { get; init; }

    /// <summary>The SHA-256 digests, in hexadecimal, of the server certificates that are accepted and no others; empty for any that is trusted.</summary>
    public IReadOnlyList<string> PinnedCertificates { get; init; } = [];

    /// <summary>The device's own certificate with its key, or null.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>A publish that is unacknowledged for longer proves the connection useless.</summary>
    public TimeSpan AckDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may be idle before it is probed.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most events that are sent and not yet acknowledged.</summary>
    public int MaximumInFlight { get; init; } = 64;

    /// <summary>The most events that go into one publish when several wait, up to 1,024; 1 for none together. Only a cloud that says that it unpacks batches gets them.</summary>
    public int MaximumBatchEvents { get; init; } = 256;

    /// <summary>A batch that has as many payload bytes takes no further event.</summary>
    public int MaximumBatchBytes { get; init; } = 16 * 1024;

    /// <summary>When events are sent over a link that is paid by use; null sends them at once.</summary>
    public MeteredLink? MeteredLink { get; init; }

    /// <summary>The proxy for WebSocket endpoints; null for the one of the environment (<c>HTTPS_PROXY</c>, <c>HTTP_PROXY</c>, <c>NO_PROXY</c>), if any.</summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>What the device does on command, by name; a name may have several levels. With none, nothing is subscribed to.</summary>
    public IReadOnlyDictionary<string, CommandHandler> Commands { get; init; } = new Dictionary<string, CommandHandler>();

    /// <summary>Whether the device listens for receipts, so that events can wait for more than to be stored.</summary>
    public bool Receipts { get; init; }

    /// <summary>Called with each event that an integration it waits for will never deliver; the outbox forgets it then. It must not wait. Null to have it logged only.</summary>
    public Action<UndeliveredEvent>? Undelivered { get; init; }

    /// <summary>Another way for urgent events while no endpoint works, or null. It is not disposed of by the device.</summary>
    public IFallbackChannel? FallbackChannel { get; init; }

    /// <summary>How long an urgent event waits for an endpoint before it goes the other way.</summary>
    public TimeSpan FallbackAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the cloud keeps commands for the device while it is away; zero for not at all.</summary>
    public TimeSpan SessionExpiry { get; init; }

    /// <summary>Wraps the stream of each socket, below TLS and WebSocket: for simulated faults, or a tunnel of one's own. Null for none.</summary>
    public Func<Stream, Stream>? LinkFilter { get; init; }

    /// <summary>The longest rest after the first failure of an endpoint; it doubles with each further one.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest rest of an endpoint that keeps failing; up to a day.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after a connection to another endpoint the preferred ones are tried again.</summary>
    public TimeSpan ReturnInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Where the addresses of host names come from.</summary>
    internal HostDialer.Resolver Resolver { get; init; } = Dns.GetHostAddressesAsync;

    internal void Validate()
    {
        if (DeviceId.Length == 0 || DeviceId.AsSpan().IndexOfAny("/+#\0") >= 0)
        {
            throw new ArgumentException($"{nameof(DeviceId)} is '{DeviceId}'; it is one topic level: not empty, and without /, + and #.");
        }

        if (Endpoints.Count == 0 || Endpoints.FirstOrDefault(e => e.Scheme is not ("mqtt" or "mqtts" or "ws" or "wss")) is { } wrong)
        {
            throw new ArgumentException($"{nameof(Endpoints)} needs at least one URL, each with mqtt://, mqtts://, ws:// or wss://.");
        }

        if (AckDeadline <= TimeSpan.Zero || KeepAlive <= TimeSpan.Zero || MaximumInFlight is < 1 or > ushort.MaxValue
            || FirstBackOff <= TimeSpan.Zero || LongestBackOff < FirstBackOff || LongestBackOff > LongestRest || ReturnInterval <= TimeSpan.Zero)
        {
            throw new ArgumentException("AckDeadline, KeepAlive, FirstBackOff and ReturnInterval must be above zero, LongestBackOff from FirstBackOff to a day, MaximumInFlight from 1 to 65,535.");
        }

        if (MaximumBatchEvents is < 1 or > BatchWriter.MaximumEvents || MaximumBatchBytes is < 1 or > LargestBatchBytes)
        {
            throw new ArgumentException($"{nameof(MaximumBatchEvents)} must be from 1 to {BatchWriter.MaximumEvents}, {nameof(MaximumBatchBytes)} from 1 to {LargestBatchBytes}.");
        }

        if (FallbackAfter <= TimeSpan.Zero)
        {
            throw new ArgumentException($"{nameof(FallbackAfter)} must be above zero.");
        }

        if (SessionExpiry < TimeSpan.Zero || SessionExpiry.TotalSeconds > uint.MaxValue)
        {
            throw new ArgumentException($"{nameof(SessionExpiry)} must be from zero to 136 years.");
        }

        MeteredLink?.Validate();
        Outbox.Validate();
    }
}
