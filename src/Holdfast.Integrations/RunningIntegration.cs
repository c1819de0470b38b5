using System.Diagnostics;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Delivery;
using Holdfast.Integrations.Webhooks;

namespace Holdfast.Integrations;

/// <summary>An integration that runs, or is paused, with what must end when it does.</summary>
internal sealed class RunningIntegration(
    IntegrationPlan plan, DateTimeOffset createdAt, IntegrationLoop loop, IDisposable interest, DeadLetterList deadLetters) : IDisposable
{
    private readonly IntegrationDefinition _definition = plan.Definition;

    public IntegrationPlan Plan { get; } = plan;

    public IntegrationLoop Loop { get; } = loop;

    public DeadLetterList DeadLetters { get; } = deadLetters;

    public TagList Tags { get; } = IntegrationMetrics.Tags(plan.Product, plan.Name);

    private IntegrationState State
        => Plan.Settings.Paused ? IntegrationState.Paused
            : Loop.State is not (IntegrationState.Stopped or IntegrationState.Completed) && Loop.Circuit != CircuitState.Closed ? IntegrationState.Open
            : Loop.State;

    public IntegrationStatus GetStatus()
    {
        // What is counted is told before it is counted, so the error is looked at after the counts.
        var failedAttempts = Loop.Progress.FailedAttemptCount;
        var error = Loop.Progress.LastError;
        return new IntegrationStatus
        {
            Definition = _definition,
            CreatedAt = createdAt,
            State = State,
            Delivered = Loop.Progress.DeliveredCount,
            DeadLettered = Loop.Progress.DeadLetteredCount,
            DeadLetters = DeadLetters.Count,
            PreviousSecretExpiresAt = Plan.Settings.PreviousSecretExpiresAt,
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
