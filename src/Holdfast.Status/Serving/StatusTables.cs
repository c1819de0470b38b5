using Holdfast.Status.Notifying;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Serving;

/// <summary>All that is stored. Used by one thread at a time.</summary>
internal sealed class StatusTables(Database database)
{
    /// <summary>The watchers that may report.</summary>
    public WatcherTable Watchers { get; } = new(database);

    /// <summary>What was judged.</summary>
    public HistoryTables History { get; } = new(database);

    /// <summary>What was measured.</summary>
    public RollupTable Rollups { get; } = new(database);

    /// <summary>What is planned and announced.</summary>
    public PlanTables Plans { get; } = new(database);

    /// <summary>What the operator says about components.</summary>
    public ComponentTable Components { get; } = new(database);

    /// <summary>What people did.</summary>
    public AuditTable Audit { get; } = new(database);

    /// <summary>Who may operate the page.</summary>
    public OperatorTable Operators { get; } = new(database);

    /// <summary>Who wants to be told.</summary>
    public SubscriberTable Subscribers { get; } = new(database);

    /// <summary>What is on its way to them.</summary>
    public DeliveryTable Deliveries { get; } = new(database);

    /// <summary>How far the operators were alerted.</summary>
    public AlertTable Alerts { get; } = new(database);

    /// <summary>Gives a notice to all who want it.</summary>
    public void Post(Notice notice, DateTimeOffset now)
    {
        foreach (Subscriber subscriber in Subscribers.All().Where(subscriber => subscriber.Wants(notice)))
        {
            Deliveries.Post(new Recipient(subscriber.Id, subscriber.Channel, subscriber.Address, subscriber.Secret), notice, now);
        }
    }

    /// <summary>Removes what is too old.</summary>
    public void Trim(DateTimeOffset now)
    {
        Rollups.Trim(now);
        History.Trim(now);
        Plans.Trim(now);
        Audit.Trim(now);
        Operators.Trim(now);
        Subscribers.Trim(now);
        Deliveries.Trim(now);
    }
}
