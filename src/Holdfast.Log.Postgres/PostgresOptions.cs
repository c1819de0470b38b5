using Holdfast.Log.Partitions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Log.Postgres;

/// <summary>Where the database is and what an acknowledgement needs.</summary>
public sealed record PostgresOptions
{
    /// <summary>
    /// Npgsql's syntax, several hosts separated by commas. Host, port, user, password, database and the settings of TLS count; pooling, time-outs and
    /// the choice of the host are the store's own.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>The schema that holds the tables. It is made when it is missing. Lower-case letters, digits and underscores.</summary>
    public string Schema { get; init; } = "holdfast";

    /// <summary>
    /// Names this life of the process; a restarted process has another. Whoever finds it in <c>partition_head.owner</c> may conclude that nobody
    /// else wrote that row since.
    /// </summary>
    public string Owner { get; init; } = Guid.NewGuid().ToString("N");

    /// <summary>The number of partitions of a new store; opening one with another number is an error.</summary>
    public int PartitionCount { get; init; } = Partitioning.DefaultPartitionCount;

    /// <summary>How long a segment (a time partition of the table of batches) grows. Retention removes whole segments.</summary>
    public TimeSpan SegmentPeriod { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A segment ends early when this process alone has appended so many bytes to it.</summary>
    public long SegmentBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>How long a statement waits for a lock before the server gives it up and it is tried again.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a connection may take to be made, in whole seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>An answer that takes longer makes the log look whether another server has become the primary.</summary>
    public TimeSpan SuspicionTime { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How long a change of the state is tried again while the database is away, before its caller is told.</summary>
    public TimeSpan StateRetryTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether opening waits until there is a primary, however long that takes; otherwise it is a <see cref="DatabaseUnavailableException"/>.</summary>
    public bool WaitsForPrimary { get; init; }

    /// <summary>The most reads that run at the same time; more wait.</summary>
    public int MaximumReads { get; init; } = 8;

    /// <summary>How many bytes of each partition, committed lately by whomever, are kept in memory for readers; 0 for none.</summary>
    public int RecentBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>What must be true for an acknowledgement.</summary>
    public DurabilityPolicy Durability { get; init; } = DurabilityPolicy.SynchronousStandby;

    /// <summary>The clock of periods and pauses.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where reconnections, fences and damage are reported.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(ConnectionString);
        ArgumentException.ThrowIfNullOrWhiteSpace(Owner);
        ArgumentOutOfRangeException.ThrowIfLessThan(PartitionCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PartitionCount, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumReads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectTimeout, TimeSpan.FromSeconds(1));
        if (Schema.Length is 0 or > 48 || !Schema.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_') || char.IsAsciiDigit(Schema[0]))
        {
            throw new ArgumentException($"'{Schema}' is no name for a schema: lower-case letters, digits and underscores, at most 48, no digit first.");
        }
    }
}
