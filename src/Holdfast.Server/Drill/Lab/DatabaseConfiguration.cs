using System.Globalization;

namespace Holdfast.Server.Drill.Lab;

/// <summary>The configuration of a database machine: etcd, and PostgreSQL under Patroni with strict synchronous replication.</summary>
internal static class DatabaseConfiguration
{
    /// <summary>PostgreSQL's port.</summary>
    public const int PostgresPort = 25432;

    /// <summary>The port of Patroni's REST API.</summary>
    public const int PatroniPort = 28008;

    private const int EtcdClientPort = 22379;
    private const int EtcdPeerPort = 22380;

    /// <summary>The command line of etcd.</summary>
    /// <param name="program">etcd.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="all">The database machines.</param>
    public static IReadOnlyList<string> EtcdCommand(string program, LabMachine machine, IEnumerable<LabMachine> all) =>
    [
        program, "--name", machine.Name, "--data-dir", "data", "--logger", "zap", "--log-level", "warn",
        "--listen-client-urls", $"http://{machine.Address}:{EtcdClientPort}", "--advertise-client-urls", $"http://{machine.Address}:{EtcdClientPort}",
        "--listen-peer-urls", $"http://{machine.Address}:{EtcdPeerPort}", "--initial-advertise-peer-urls", $"http://{machine.Address}:{EtcdPeerPort}",
        "--initial-cluster", string.Join(',', all.Select(other => $"{other.Name}=http://{other.Address}:{EtcdPeerPort}")),
        "--initial-cluster-state", "new", "--heartbeat-interval", Text(DatabaseTiming.EtcdHeartbeat), "--election-timeout", Text(DatabaseTiming.EtcdElection),
    ];

    /// <summary>The configuration file of Patroni.</summary>
    /// <param name="programs">Where PostgreSQL is.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="all">The database machines.</param>
    public static string Patroni(LabPrograms programs, LabMachine machine, IEnumerable<LabMachine> all) => string.Create(CultureInfo.InvariantCulture, $"""
        scope: holdfast
        name: {machine.Name}
        restapi: {"{"} listen: '{machine.Address}:{PatroniPort}', connect_address: '{machine.Address}:{PatroniPort}' {"}"}
        etcd3: {"{"} hosts: [{string.Join(", ", all.Select(other => $"'{other.Address}:{EtcdClientPort}'"))}] {"}"}
        bootstrap:
          dcs:
            ttl: {DatabaseTiming.TimeToLive}
            loop_wait: {DatabaseTiming.LoopWait}
            retry_timeout: {DatabaseTiming.RetryTimeout}
            primary_start_timeout: 0
            synchronous_mode: true
            synchronous_mode_strict: true
            synchronous_node_count: 1
            postgresql:
              use_pg_rewind: true
              use_slots: true
              parameters:
                synchronous_commit: 'on'
                max_connections: 200
                shared_buffers: 64MB
                dynamic_shared_memory_type: mmap
                wal_receiver_status_interval: 1
                wal_retrieve_retry_interval: 100ms
                wal_log_hints: 'on'
                max_wal_size: 1GB
                idle_session_timeout: 0
                tcp_keepalives_idle: 5
                tcp_keepalives_interval: 1
                tcp_keepalives_count: 5
          initdb: [encoding: UTF8, locale: C, no-sync]
        postgresql:
          listen: '{machine.Address}:{PostgresPort}'
          connect_address: '{machine.Address}:{PostgresPort}'
          bin_dir: {programs.PostgresDirectory}
          data_dir: {machine.Directory}/postgres/data
          pgpass: {machine.Directory}/postgres/pgpass
          authentication:
            superuser: {"{"} username: postgres {"}"}
            replication: {"{"} username: replicator {"}"}
            rewind: {"{"} username: postgres {"}"}
          pg_hba: ['local all all trust', 'host all all 0.0.0.0/0 trust', 'host replication all 0.0.0.0/0 trust']
          parameters: {"{"} unix_socket_directories: '{machine.Directory}/postgres' {"}"}

        """);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
