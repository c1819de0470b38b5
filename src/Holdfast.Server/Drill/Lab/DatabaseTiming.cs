namespace Holdfast.Server.Drill.Lab;

/// <summary>
/// How fast the laboratory's database fails over. Patroni wants <c>ttl ≥ loop_wait + 2 × retry_timeout</c>; a leader that is gone is replaced within
/// about ttl + loop_wait. These are lower than a network of real distances should have (docs/operating.md).
/// </summary>
internal static class DatabaseTiming
{
    /// <summary>How long the leader's lease lasts, in seconds.</summary>
    public const int TimeToLive = 5;

    /// <summary>How often each Patroni looks, in seconds.</summary>
    public const int LoopWait = 1;

    /// <summary>How long a Patroni retries etcd and PostgreSQL before it gives the leadership up, in seconds.</summary>
    public const int RetryTimeout = 2;

    /// <summary>etcd's heartbeat, in milliseconds.</summary>
    public const int EtcdHeartbeat = 100;

    /// <summary>How long an etcd member waits for heartbeats before it calls an election, in milliseconds.</summary>
    public const int EtcdElection = 1000;
}
