using System.Diagnostics.CodeAnalysis;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Naming;
using Holdfast.Broker.Publishing;

namespace Holdfast.Integrations.Replays;

/// <summary>Makes of a request to send events again an integration with a beginning and an end.</summary>
internal sealed class ReplayPlanner(IntegrationEnvironment environment)
{
    /// <summary>The most events that a request may name.</summary>
    public const int MaximumEvents = 1_000;

    /// <summary>Plans a replay.</summary>
    /// <param name="original">The integration.</param>
    /// <param name="request">What to send again.</param>
    /// <param name="name">The replay's name.</param>
    /// <param name="deadLetters">The places of the dead letters, when they are asked for.</param>
    /// <param name="replay">The replay and the cursor that it begins at.</param>
    /// <param name="refusal">Otherwise what is wrong.</param>
    public bool TryPlan(
        IntegrationPlan original, ReplayRequest request, string name, IReadOnlyList<(int Partition, long Offset)>? deadLetters,
        [NotNullWhen(true)] out PlannedReplay? replay, out IntegrationResult refusal)
    {
        replay = null;
        refusal = default;
        var settings = original.Settings with { Paused = false };
        var (field, problem) = ProblemOf(original, request, name);
        if (problem.Length == 0 && request.Settings is { } patch)
        {
            var changed = original.Kind.Change(settings, patch);
            (settings, field, problem) = (changed.Settings ?? settings, $"settings.{changed.Field}", changed.Problem);
        }

        var places = deadLetters;
        if (problem.Length == 0 && request.Events is not null && !TryFindPlaces(request.Events, out places, out problem))
        {
            field = "events";
        }

        if (problem.Length == 0 && places is { Count: 0 })
        {
            (field, problem) = ("deadLetters", $"'{original.Name}' has no dead letters.");
        }

        if (problem.Length > 0)
        {
            refusal = IntegrationResult.Invalid(field, problem);
            return false;
        }

        // What is no longer kept was lost, if it was, by the integration itself; the replay does not count it again.
        var floor = environment.Floors.FloorOf(original.Product);
        var (starts, ends) = places is null ? RangeOf(request, floor) : RangeOf(places);
        settings = settings with
        {
            Replay = new ReplaySettings
            {
                Of = original.Name,
                Device = request.Device,
                From = floor > (request.From?.ToUnixTimeMilliseconds() ?? long.MinValue) ? DateTimeOffset.FromUnixTimeMilliseconds(floor) : request.From,
                To = request.To,
                Places = places is null ? null : PlacesByPartition(places),
                Ends = ends,
                DeadLetters = request.DeadLetters,
            },
        };
        if (!IntegrationPlan.TryMake(original.Product, name, original.Kind, original.FilterText, settings, out var plan, out field, out problem))
        {
            refusal = IntegrationResult.Invalid($"settings.{field}", problem);
            return false;
        }

        replay = new PlannedReplay(plan, starts);
        return true;
    }

    private static (string Field, string Problem) ProblemOf(IntegrationPlan original, ReplayRequest request, string name)
    {
        if (original.Settings.Replay is not null)
        {
            return ("name", "A replay cannot be replayed: replay the integration whose events it sends.");
        }

        if (!ResourceName.IsValid(name))
        {
            return ("name", $"'{name}' is not a valid name: {ResourceName.Rule}.");
        }

        if (request.Events is { } events && (request.DeadLetters || request.From is not null || request.To is not null || request.Device is not null))
        {
            return ("events", "Single events are replayed as they are: without a device, a time or dead letters.");
        }

        if (request.DeadLetters && (request.From is not null || request.To is not null || request.Device is not null))
        {
            return ("deadLetters", "Dead letters are replayed together: without a device or a time.");
        }

        if (request.Events is null && !request.DeadLetters && request.From is null && request.Device is null)
        {
            return ("from", "Say what to send again: events, deadLetters, or a range with from and to, a device, or both.");
        }

        return request.From >= request.To ? ("to", "The field 'to' must be later than 'from'.") : ("", "");
    }

    private static long[][] PlacesByPartition(IReadOnlyList<(int Partition, long Offset)> places, int partitionCount)
        => [.. Enumerable.Range(0, partitionCount).Select(partition
            => places.Where(place => place.Partition == partition).Select(place => place.Offset).Distinct().Order().ToArray())];

    private long[][] PlacesByPartition(IReadOnlyList<(int Partition, long Offset)> places) => PlacesByPartition(places, environment.Log.PartitionCount);

    private bool TryFindPlaces(IReadOnlyList<string> events, [NotNullWhen(true)] out IReadOnlyList<(int, long)>? places, out string problem)
    {
        places = null;
        if (events.Count is 0 or > MaximumEvents)
        {
            problem = $"Give 1 to {MaximumEvents} events; replay a range of time to send more.";
            return false;
        }

        var found = new List<(int, long)>();
        foreach (var id in events)
        {
            if (!EventId.TryParse(id, environment.Log.Incarnations, out var partition, out var offset)
                || partition >= environment.Log.PartitionCount || offset >= environment.Feed.AnnouncedOffset(partition))
            {
                problem = $"There is no event '{id}'.";
                return false;
            }

            if (offset < environment.Log.FirstOffset(partition))
            {
                problem = $"Retention has removed the event '{id}'.";
                return false;
            }

            found.Add((partition, offset));
        }

        (places, problem) = (found, "");
        return true;
    }

    private (long[] Starts, long[] Ends) RangeOf(IReadOnlyList<(int Partition, long Offset)> places)
    {
        var byPartition = PlacesByPartition(places);
        return ([.. byPartition.Select(offsets => offsets.Length > 0 ? offsets[0] : 0)], [.. byPartition.Select(offsets => offsets.Length > 0 ? offsets[^1] + 1 : 0)]);
    }

    private (long[] Starts, long[] Ends) RangeOf(ReplayRequest request, long floor)
    {
        var starts = new long[environment.Log.PartitionCount];
        var ends = new long[starts.Length];
        var from = Math.Max(request.From?.ToUnixTimeMilliseconds() ?? long.MinValue, floor);
        var to = request.To?.ToUnixTimeMilliseconds() ?? long.MaxValue;
        for (var partition = 0; partition < starts.Length; partition++)
        {
            var range = environment.Log.FindReceived(partition, from, to);
            ends[partition] = Math.Min(range.To, environment.Feed.AnnouncedOffset(partition));
            starts[partition] = Math.Min(Math.Max(range.From, environment.Log.FirstOffset(partition)), ends[partition]);
        }

        return (starts, ends);
    }
}

/// <summary>A replay that can begin.</summary>
/// <param name="Plan">The integration that it is.</param>
/// <param name="Starts">Its first cursor.</param>
internal sealed record PlannedReplay(IntegrationPlan Plan, long[] Starts);
