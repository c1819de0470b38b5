namespace Holdfast.Log.Postgres;

/// <summary>What must be true for an acknowledgement, beyond a commit on the primary's own disk.</summary>
public sealed record DurabilityPolicy
{
    private DurabilityPolicy(bool requiresStandby, string? attestation)
    {
        RequiresSynchronousStandby = requiresStandby;
        Attestation = attestation;
    }

    /// <summary>A synchronous standby confirms every commit. While <c>synchronous_standby_names</c> is empty nothing is stored.</summary>
    public static DurabilityPolicy SynchronousStandby { get; } = new(true, null);

    /// <summary>One machine is enough (<c>--accept-async-replication</c>).</summary>
    public static DurabilityPolicy AcceptAsynchronous { get; } = new(false, null);

    /// <summary>Whether the database must name a synchronous standby.</summary>
    public bool RequiresSynchronousStandby { get; }

    /// <summary>What the operator says about a service that hides its replication (<c>--attest-durability TEXT</c>).</summary>
    public string? Attestation { get; }

    /// <summary>The operator vouches for a service that hides its replication.</summary>
    /// <param name="text">What is shown as attested wherever durability is shown.</param>
    public static DurabilityPolicy Attested(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        return new DurabilityPolicy(false, text);
    }
}

/// <summary>What an acknowledgement means now.</summary>
/// <param name="SynchronousStandbyNames">The server's setting as of the last append or look; null before the first.</param>
/// <param name="Standbys">The standbys attached at the last look.</param>
/// <param name="Attestation">See <see cref="DurabilityPolicy.Attestation"/>.</param>
public sealed record AcknowledgementDurability(string? SynchronousStandbyNames, IReadOnlyList<AttachedStandby> Standbys, string? Attestation)
{
    /// <summary>Whether a commit waits for another machine: the setting names standbys and one of them is attached.</summary>
    public bool IsSynchronous => !string.IsNullOrEmpty(SynchronousStandbyNames) && Standbys.Any(standby => standby.IsSynchronous);
}

/// <summary>A standby as the primary sees it.</summary>
/// <param name="Name">Its application name.</param>
/// <param name="Address">Its address, empty for a local socket.</param>
/// <param name="SynchronousState"><c>sync</c>, <c>quorum</c>, <c>potential</c> or <c>async</c>; empty when the role may not see it (grant <c>pg_monitor</c>).</param>
public sealed record AttachedStandby(string Name, string Address, string SynchronousState)
{
    /// <summary>Whether commits wait for it.</summary>
    public bool IsSynchronous => SynchronousState is "sync" or "quorum";
}
