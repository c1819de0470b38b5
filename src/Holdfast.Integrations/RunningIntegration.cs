using System.Diagnostics;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations;

/// <summary>An integration that runs, with what must end when it does.</summary>
internal sealed class RunningIntegration(IntegrationDefinition definition, DateTimeOffset createdAt, IntegrationLoop loop, IDisposable interest)
    : IDisposable
{
    public IntegrationDefinition Definition { get; } = definition;

    public IntegrationLoop Loop { get; } = loop;

    public TagList Tags { get; } = IntegrationMetrics.Tags(definition.Product, definition.Name);

    public IntegrationStatus GetStatus()
    {
        // The count first: the error of a failure that is counted is there.
        var failedAttempts = Loop.Progress.FailedAttemptCount;
        var error = Loop.Progress.LastError;
        return new IntegrationStatus
        {
            Definition = Definition,
            CreatedAt = createdAt,
            State = Loop.State,
            Delivered = Loop.Progress.DeliveredCount,
            FailedAttempts = failedAttempts,
            Expired = Loop.Progress.ExpiredCount,
            TrimmedUnread = Loop.Progress.TrimmedUnreadCount,
            DamagedUnread = Loop.Progress.DamagedUnreadCount,
            Behind = Loop.Behind,
            OldestWaiting = Loop.OldestWaiting,
            NextAttemptAt = Loop.NextAttemptAt,
            LastError = error?.Text,
            LastErrorAt = error?.At,
        };
    }

    public void Dispose()
    {
        interest.Dispose();
        Loop.Dispose();
    }
}

/// <summary>Integrations by product, then by name.</summary>
internal sealed class IntegrationKeyComparer : IComparer<(string Product, string Name)>
{
    public static readonly IntegrationKeyComparer Instance = new();

    public int Compare((string Product, string Name) x, (string Product, string Name) y)
    {
        var products = string.CompareOrdinal(x.Product, y.Product);
        return products != 0 ? products : string.CompareOrdinal(x.Name, y.Name);
    }
}
