using System.Text.Json;
using Holdfast.Integrations.Delivery;
using Holdfast.Log.State;

namespace Holdfast.Integrations.Custody;

/// <summary>An integration as far as custody needs it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Scope">Which events it wants.</param>
/// <param name="CreatedAt">When it was made; it need not have delivered what was received before.</param>
/// <param name="Cursor">What it has confirmed.</param>
internal sealed record Consumer(string Name, string Kind, DeliveryScope Scope, DateTimeOffset CreatedAt, long[] Cursor)
{
    /// <summary>Whether it had to deliver an event that its scope includes.</summary>
    public bool Owes(long receivedAtMilliseconds) => receivedAtMilliseconds >= CreatedAt.ToUnixTimeMilliseconds();
}

/// <summary>Finds the integrations of a product, wherever they run. Replays are none: what they deliver counts for the integration that they replay.</summary>
internal sealed class Consumers(IntegrationEnvironment environment, IntegrationRunner runner)
{
    /// <summary>All of a product, by name. Cursors are those of now; read the journal afterwards, and it holds all that they have passed.</summary>
    public async ValueTask<IReadOnlyList<Consumer>> OfAsync(string product, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<string, Consumer>(StringComparer.Ordinal);
        foreach (var stored in await environment.Store.LoadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (stored.Product == product && TryRead(stored) is { WantsEvents: true } plan)
            {
                found[plan.Name] = Make(plan, stored.CreatedAt, runner.Find(product, plan.Name)?.Loop.Cursor ?? stored.Cursor);
            }
        }

        return [.. found.Values];
    }

    private static IntegrationPlan? TryRead(StoredIntegration stored)
    {
        try
        {
            return IntegrationPlan.Of(stored);
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException)
        {
            return null; // It cannot run either, and its status says why.
        }
    }

    private Consumer Make(IntegrationPlan plan, DateTimeOffset createdAt, long[] cursor)
        => new(plan.Name, plan.Kind.Name, plan.Kind.ScopeOf(plan, environment.Log.PartitionCount), createdAt, cursor);
}
