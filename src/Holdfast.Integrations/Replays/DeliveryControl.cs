using System.Globalization;
using System.Text;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Naming;
using Holdfast.Broker.Publishing;
using Holdfast.Log.State;

namespace Holdfast.Integrations.Replays;

/// <summary>Adds a replay as an integration.</summary>
internal delegate ValueTask<IntegrationResult> AddReplay(IntegrationPlan plan, long[] starts, CancellationToken cancellationToken);

/// <summary>Tests, dead letters and replays of the integrations that run here.</summary>
internal sealed class DeliveryControl(IntegrationEnvironment environment, IntegrationRunner runner, AddReplay addReplay) : IDeliveryControl
{
    private readonly ReplayPlanner _planner = new(environment);

    public async ValueTask<DeliveryTestResult> TestAsync(string product, string name, DeliveryTest test, CancellationToken cancellationToken)
        => runner.Find(product, name) is { } running
            ? await running.Plan.Kind.TestAsync(running.Plan, test, environment, cancellationToken).ConfigureAwait(false)
            : new DeliveryTestResult(IntegrationResult.NotFound(product, name));

    public async ValueTask<IntegrationResult> ReplayAsync(string product, string name, ReplayRequest request, CancellationToken cancellationToken)
    {
        if (runner.Find(product, name) is not { } running)
        {
            return IntegrationResult.NotFound(product, name);
        }

        var deadLetters = request.DeadLetters
            ? (await environment.Store.LoadDeadLettersAsync(product, name, 0, 0, environment.Limits.DeadLetters, cancellationToken).ConfigureAwait(false))
                .Select(letter => (letter.Partition, letter.Offset)).ToList()
            : null;
        return _planner.TryPlan(running.Plan, request, request.Name ?? NewName(product, name), deadLetters, out var replay, out var refusal)
            ? await addReplay(replay.Plan, replay.Starts, cancellationToken).ConfigureAwait(false)
            : refusal;
    }

    public async ValueTask<IReadOnlyList<DeadLetter>?> DeadLettersAsync(
        string product, string name, string? after, int limit, CancellationToken cancellationToken)
    {
        if (runner.Find(product, name) is null)
        {
            return null;
        }

        var (partition, offset) = after is not null && EventId.TryParse(after, environment.Log.Incarnations, out var lastPartition, out var lastOffset)
            ? (lastPartition, lastOffset + 1)
            : (0, 0L);
        var letters = await environment.Store.LoadDeadLettersAsync(product, name, partition, offset, limit, cancellationToken).ConfigureAwait(false);
        return [.. letters.Select(Show)];
    }

    public async ValueTask<bool> RemoveDeadLettersAsync(string product, string name, string? eventId, CancellationToken cancellationToken)
    {
        if (runner.Find(product, name) is not { } running)
        {
            return false;
        }

        if (eventId is null)
        {
            return await running.DeadLetters.RemoveAllAsync().ConfigureAwait(false);
        }

        return EventId.TryParse(eventId, environment.Log.Incarnations, out var partition, out var offset)
            && await running.DeadLetters.RemoveAsync(partition, offset).ConfigureAwait(false);
    }

    private DeadLetter Show(StoredDeadLetter letter) => new(
        EventId.Format(environment.Log.Incarnations, letter.Partition, letter.Offset), letter.Topic, letter.ReceivedAt, letter.RefusedAt, letter.Status,
        letter.Error, letter.ContentType, Encoding.UTF8.GetString(letter.Response.Span));

    private string NewName(string product, string name)
    {
        for (var number = 1; ; number++)
        {
            var suffix = string.Create(CultureInfo.InvariantCulture, $"-replay-{number}");
            var candidate = string.Concat(name.AsSpan(0, Math.Min(name.Length, ResourceName.MaximumLength - suffix.Length)), suffix);
            if (runner.Find(product, candidate) is null)
            {
                return candidate;
            }
        }
    }
}
