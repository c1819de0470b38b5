using System.Security.Cryptography.X509Certificates;
using Holdfast.Device.Outbox;

namespace Holdfast.Device;

/// <summary>What a device needs to know.</summary>
public sealed record DeviceOptions
{
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

    /// <summary>The longest rest after the first failure of an endpoint; it doubles with each further one.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest rest of an endpoint that keeps failing.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after a connection to another endpoint the preferred ones are tried again.</summary>
    public TimeSpan ReturnInterval { get; init; } = TimeSpan.FromMinutes(1);

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
            || FirstBackOff <= TimeSpan.Zero || LongestBackOff < FirstBackOff || ReturnInterval <= TimeSpan.Zero)
        {
            throw new ArgumentException("AckDeadline, KeepAlive, FirstBackOff and ReturnInterval must be above zero, LongestBackOff at least FirstBackOff, MaximumInFlight from 1 to 65,535.");
        }

        Outbox.Validate();
    }
}
