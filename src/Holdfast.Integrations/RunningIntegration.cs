using System.Diagnostics;
using Holdfast.Broker.Integrations;
using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations;

/// <summary>An integration that runs, or is paused, with what must end when it does.</summary>
internal sealed class RunningIntegration(
    IntegrationPlan plan, DateTimeOffset createdAt, IntegrationLoop loop, IRemoteLink? link, IDisposable interest, DeadLetterList deadLetters) : IAsyncDisposable
{
    private readonly IntegrationDefinition _definition = plan.Definition;

    public IntegrationPlan Plan { get; } = plan;

    public IntegrationLoop Loop { get; } = loop;

    /// <summary>The connection that lasts beside the loop, or null.</summary>
    public IRemoteLink? Link { get; } = link;

    public DeadLetterList DeadLetters { get; } = deadLetters;

    public TagList Tags { get; } = IntegrationMetrics.Tags(plan.Product, plan.Name);

    private IntegrationState State
        => Plan.Settings.Paused ? IntegrationState.Paused
            : Loop.State is not (IntegrationState.Stopped or IntegrationState.Completed) && (Loop.Circuit != CircuitState.Closed || Link is { Status.IsConnected: false }) ? IntegrationState.Open
            : Loop.State;

    public IntegrationStatus GetStatus()
    {
        // What is counted is told before it is counted, so the error is looked at after the counts.
        var failedAttempts = Loop.Progress.FailedAttemptCount;
        var error = Loop.Progress.LastError;
        var connection = Plan.Settings.Paused ? null : Link?.Status;
        if (connection?.ErrorAt > (error?.At ?? DateTimeOffset.MinValue))
        {
            error = new IntegrationError(connection.Error!, connection.ErrorAt.Value);
        }

        return new IntegrationStatus
        {
            Definition = _definition,
            CreatedAt = createdAt,
            State = State,
            Delivered = Loop.Progress.DeliveredCount,
            DeadLettered = Loop.Progress.DeadLetteredCount,
            DeadLetters = DeadLetters.Count,
            PreviousSecretExpiresAt = Plan.Kind.PreviousSecretExpiresAt(Plan.Settings),
            FailedAttempts = failedAttempts,
            Expired = Loop.Progress.ExpiredCount,
            TrimmedUnread = Loop.Progress.TrimmedUnreadCount,
            DamagedUnread = Loop.Progress.DamagedUnreadCount,
            Behind = Loop.Behind,
            BehindBytes = Loop.BehindBytes,
            OldestWaiting = Loop.OldestWaiting,
            NextAttemptAt = connection?.NextAttemptAt ?? Loop.NextAttemptAt,
            Connection = connection,
            LastError = error?.Text,
            LastErrorAt = error?.At,
        };
    }

    public void Start()
    {
        if (Plan.Settings.Paused)
        {
            Loop.StartPaused();
            return;
        }

        Loop.Start();
        Link?.Start();
    }

    /// <summary>What is in flight may finish within the grace; then the exact cursor is saved.</summary>
    public async Task StopAsync()
    {
        await Loop.StopAsync().ConfigureAwait(false);
        if (Link is not null)
        {
            await Link.StopAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends at once, without a trace: the integration was removed.</summary>
    public async Task AbandonAsync()
    {
        await Loop.AbandonAsync().ConfigureAwait(false);
        if (Link is not null)
        {
            await Link.ForgetAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        interest.Dispose();
        if (Link is not null)
        {
            await Link.DisposeAsync().ConfigureAwait(false);
        }

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
