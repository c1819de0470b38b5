using Holdfast.Broker.Delivery;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Retained;
using Holdfast.Broker.Retention;
using Holdfast.Integrations.Network;
using Holdfast.Log.Attempts;
using Holdfast.Log.Partitions;
using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations;

/// <summary>What integrations need of the node they run in.</summary>
public sealed record IntegrationEnvironment
{
    /// <summary>Enough to keep the processors and the disk busy.</summary>
    private static readonly int MostReaders = Math.Max(4, 2 * Environment.ProcessorCount);

    /// <summary>The log they read.</summary>
    public required IPartitionLog Log { get; init; }

    /// <summary>How far they may read, and what wakes them.</summary>
    public required ICommitFeed Feed { get; init; }

    /// <summary>Where they say which QoS 0 messages must be logged.</summary>
    public required ILogInterest Interest { get; init; }

    /// <summary>Where they and their cursors are stored.</summary>
    public required IIntegrationStore Store { get; init; }

    /// <summary>Publishes receivers' answers to devices.</summary>
    public required IEventPublisher Publisher { get; init; }

    /// <summary>Where the receipts of devices are read back; null when devices get none.</summary>
    public IRetainedReader? Retained { get; init; }

    /// <summary>From when on products keep their events: what is older is trimmed, delivered or not.</summary>
    public IRetentionFloors Floors { get; init; } = IRetentionFloors.None;

    /// <summary>The journal of delivery attempts; null to keep none.</summary>
    public AttemptJournal? Attempts { get; init; }

    /// <summary>Which addresses webhooks may connect to.</summary>
    public AddressPolicy Addresses { get; init; } = AddressPolicy.PublicOnly;

    /// <summary>The logger.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The limits of each integration.</summary>
    public IntegrationLimits Limits { get; init; } = IntegrationLimits.Default;

    /// <summary>
    /// Places for integrations that read the log at the same time, so that ten thousand that are woken by one commit do not each hold a stretch of it.
    /// </summary>
    internal SemaphoreSlim ReadPlaces { get; } = new(MostReaders);

    /// <summary>The seed of the jitter.</summary>
    public int Seed { get; init; } = Random.Shared.Next();
}
