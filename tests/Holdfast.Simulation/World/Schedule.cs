using Holdfast.Simulation.Judging;

namespace Holdfast.Simulation.World;

/// <summary>What came of a schedule.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Failures">What was wrong.</param>
/// <param name="Notes">What happened.</param>
/// <param name="Acknowledged">How many records were acknowledged.</param>
/// <param name="Events">How many things happened.</param>
/// <param name="Fingerprint">Two runs of the same schedule have the same.</param>
internal sealed record Verdict(int Seed, IReadOnlyList<string> Failures, IReadOnlyList<string> Notes, int Acknowledged, long Events, string Fingerprint);

/// <summary>Runs one schedule from its seed: a cluster begins, everything goes wrong for some seconds, and heals; then it must serve again, and is judged.</summary>
internal static class Schedule
{
    /// <summary>What a device still sends when everything is healed.</summary>
    private const int SentAfterwards = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static Verdict Run(int seed, Breakage breakage = Breakage.None)
    {
        // The types of the product go on where they are told to, unless a context wants them elsewhere.
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            var world = new SimulatedWorld(seed, breakage);
            RunFaults(world);
            RunUntilServed(world);
            new Judge(world).Run();
            return new Verdict(
                seed, world.History.Failures, world.History.Notes, world.History.Acknowledgements.Count, world.Agenda.Happened,
                $"{world.Agenda.Now} {world.Agenda.Happened} {world.Random.Next()} {world.History.Acknowledgements.Count}");
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private static void RunFaults(SimulatedWorld world)
    {
        for (var node = 0; node < SimulatedWorld.NodeCount; node++)
        {
            var started = node;
            world.Agenda.After(world.Between(0, 700), () => world.Start(started));
        }

        foreach (var device in world.Devices)
        {
            world.Agenda.After(world.Between(500, 1000), device.Begin);
        }

        var faults = new Faults(world);
        world.Agenda.After(world.Between(700, 1500), faults.Begin);
        var end = world.Agenda.Now + world.Between(2500, 6000).Ticks;
        while (world.Agenda.Now < end && world.History.Failures.Count == 0)
        {
            world.Agenda.Step();
        }

        faults.End();
        Array.ForEach(world.Devices, device => device.LastSequence = device.Sequence + SentAfterwards);
    }

    private static void RunUntilServed(SimulatedWorld world)
    {
        var limit = world.Agenda.Now + Patience.Ticks;
        var look = 0L;
        while (world.History.Failures.Count == 0)
        {
            world.Agenda.Step();
            if (world.Agenda.Now < look)
            {
                continue;
            }

            look = world.Agenda.Now + TimeSpan.FromMilliseconds(50).Ticks;
            if (Missing(world) is not { } missing)
            {
                return;
            }

            if (world.Agenda.Now > limit)
            {
                world.History.Fail($"{Patience.TotalSeconds} s after the last fault it does not serve: {missing}.");
            }
        }
    }

    /// <summary>What is not yet as it must be in the end; null when everything is.</summary>
    private static string? Missing(SimulatedWorld world)
    {
        var lives = world.Running.ToList();
        if (lives.Count < SimulatedWorld.NodeCount || lives.Find(life => !life.IsReady) is not null)
        {
            return "not all nodes serve";
        }

        if (Array.Find(world.Devices, device => !device.IsDone) is { } device)
        {
            return $"a device waits for partition {device.Partition}, whose head is {world.Store.Tables.Head(device.Partition)}";
        }

        if (world.History.Open.FirstOrDefault(name => lives.Exists(life => life.Index == name.Life)) is { Counter: > 0 } open)
        {
            return $"{open} has no answer";
        }

        var behind = lives.Find(life => Enumerable.Range(0, SimulatedWorld.PartitionCount)
            .Any(partition => life.Delivering.Cursor[partition] < world.Store.Tables.Head(partition).NextOffset));
        return behind is null ? null : $"{behind.Name} has delivered up to {string.Join(' ', behind.Delivering.Cursor)} only";
    }
}
