using System.Globalization;
using Holdfast.Server.Demo;
using Holdfast.Server.Drill.Clients;
using Holdfast.Server.Drill.Faults;
using Holdfast.Server.Drill.Judging;
using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Drill;

/// <summary>A drill: a cluster under load, one fault after another, a judgement.</summary>
/// <param name="options">What was asked for.</param>
/// <param name="program">What runs the nodes.</param>
/// <param name="tell">Where to tell what happens.</param>
/// <param name="time">The clock.</param>
internal sealed class DrillRun(DrillOptions options, BrokerProgram program, Action<string> tell, TimeProvider time)
{
    private const int MostFaults = 100_000;

    /// <summary>How long every publisher must have been acknowledged before the next fault.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private int _fallen;

    /// <summary>Runs it.</summary>
    /// <param name="cancellationToken">Ends it early; the laboratory is removed all the same.</param>
    /// <exception cref="LabException">The laboratory could not be made, or a fault needs what this machine cannot do.</exception>
    public async Task<DrillReport> RunAsync(CancellationToken cancellationToken)
    {
        LabPrograms programs = options.IsOneMachine ? LabPrograms.FindForOneMachine() : LabPrograms.Find();
        bool useNamespaces = programs.HasNamespaces && !options.IsLoopback;
        IReadOnlyList<FaultKind> kinds = PossibleKinds.Of(options, programs, useNamespaces);
        IReadOnlyList<FaultKind> possible = PossibleKinds.All(options, programs, useNamespaces);
        IReadOnlyList<PlannedFault> plan = FaultPlan.Draw(options.Seed, options.Faults ?? MostFaults, kinds, possible);
        bool stepsClocks = (kinds.Contains(FaultKind.Several) ? possible : kinds).Contains(FaultKind.ClockStep);
        await using Laboratory laboratory = await Laboratory.CreateAsync(options.ParentDirectory, programs, useNamespaces);
        tell($"seed {options.Seed.ToString(CultureInfo.InvariantCulture)}; {(useNamespaces ? "a network namespace for each machine" : "loopback addresses: nothing can be cut or delayed")}; {laboratory.Root}");
        using var journal = new Journal(options.JournalDirectory ?? Path.Combine(laboratory.Root, "journals"));
        using var cluster = new DrillCluster(laboratory, First(program), options.IsOneMachine, stepsClocks);
        string? interruption = await DrillAsync(cluster, plan, journal, cancellationToken);
        DrillReport report = DrillReport.Make(options.Seed, journal.Read(), _fallen, interruption);
        if (!report.IsKept && options.JournalDirectory is { } directory)
        {
            laboratory.CopyLogs(Path.Combine(directory, "logs"));
            tell($"the logs of every process are in {Path.Combine(directory, "logs")}");
        }

        return report;
    }

    private BrokerProgram First(BrokerProgram next) => options.FromBuild is { } directory ? BrokerProgram.In(directory) : next;

    /// <returns>What ended it early, or null.</returns>
    private async Task<string?> DrillAsync(DrillCluster cluster, IReadOnlyList<PlannedFault> plan, Journal journal, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var beside = new List<Task>();
        try
        {
            beside.Add(cluster.SuperviseAsync(NoteFallen, stop.Token));
            await cluster.StartAsync(tell, cancellationToken);
            if (cluster.Database is { } database)
            {
                beside.Add(await StartProbeAsync(database, journal, stop.Token));
            }

            await using DrillLoad load = await DrillLoad.StartAsync(options, [.. cluster.Nodes.Select(node => node.Mqtt)], cluster.Network.HostAddress, journal);
            await cluster.Nodes[0].AddWebhookAsync(load.Webhook.Url, JournalingSubscriber.AllEvents);
            load.Webhook.WriteSubscribed(JournalingSubscriber.AllEvents);
            LogReader.WriteSubscribed(journal, JournalingSubscriber.AllEvents);
            await load.PublishAsync(options.Interval, cancellationToken);
            await RecoverAsync(cluster, load, cancellationToken);
            tell($"{4 * options.PublishersOfEachSort} devices publish every {options.Interval.TotalMilliseconds:0} ms, three subscribers and a webhook listen");
            string? interruption = await InjectAllAsync(cluster, plan, load, journal, cancellationToken);
            if (interruption is null)
            {
                await DrainAsync(load, cancellationToken);
                await cluster.Nodes[0].OpenLog(journal).ReadAsync(cancellationToken);
            }

            return interruption;
        }
        catch (Exception exception) when (exception is InvalidOperationException or InvalidDataException or IOException or TimeoutException or Npgsql.NpgsqlException)
        {
            return exception.Message;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(beside).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<string?> InjectAllAsync(DrillCluster cluster, IReadOnlyList<PlannedFault> plan, DrillLoad load, Journal journal, CancellationToken cancellationToken)
    {
        var targets = new FaultTargets(cluster, program);
        long begin = time.GetTimestamp();
        for (int index = 0; index < plan.Count && !(time.GetElapsedTime(begin) > options.Duration); index++)
        {
            PlannedFault planned = plan[index];
            IFault fault = await targets.ChooseAsync(planned, cancellationToken);
            Write(journal, JournalAction.FaultBegun, planned, index, fault.Description);
            long injected = time.GetTimestamp();
            await fault.InjectAsync(cancellationToken);
            await Task.Delay(planned.Hold, time, cancellationToken);
            await fault.UndoAsync(cancellationToken);
            Write(journal, JournalAction.FaultUndone, planned, index, null);
            if (await RecoverAsync(cluster, load, cancellationToken) is { } problem)
            {
                return $"after fault {index + 1} ({fault.Description}): {problem}";
            }

            Write(journal, JournalAction.Healthy, planned, index, null);
            tell(string.Create(CultureInfo.InvariantCulture, $"{index + 1,3}  {fault.Description}; healthy again after {time.GetElapsedTime(injected).TotalSeconds:0.0} s"));
        }

        return null;
    }

    /// <returns>What did not recover, or null.</returns>
    private async Task<string?> RecoverAsync(DrillCluster cluster, DrillLoad load, CancellationToken cancellationToken)
    {
        await cluster.WaitUntilHealthyAsync(cancellationToken);
        long healthy = Journal.Now, begin = time.GetTimestamp();
        while (!load.HasPublishedSince(healthy))
        {
            if (load.Broken.IsCompleted)
            {
                await load.Broken;
            }

            if (time.GetElapsedTime(begin) > RecoveryLimit)
            {
                return $"everything was healthy for {RecoveryLimit.TotalSeconds:0} s, but nothing was acknowledged to {string.Join(", ", load.SilentSince(healthy))}";
            }

            await Task.Delay(Interval, time, cancellationToken);
        }

        await Task.Delay(Calm, time, cancellationToken);
        return null;
    }

    private async Task DrainAsync(DrillLoad load, CancellationToken cancellationToken)
    {
        tell("the devices publish no more; waiting until everything acknowledged is delivered");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DrainLimit);
        try
        {
            await load.DrainAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // What is missing now is lost as far as anybody can tell; the judge says what.
            tell($"not everything was delivered within {DrainLimit.TotalSeconds:0} s");
        }
    }

    private async Task<Task> StartProbeAsync(LabDatabase database, Journal journal, CancellationToken cancellationToken)
    {
        var probe = new DatabaseProbe(
            database,
            server => journal.Write(new JournalEntry { T = Journal.Now, Client = DrillJudge.DatabaseJournal, Action = JournalAction.Committed, Detail = server }),
            time);
        await probe.PrepareAsync(cancellationToken);
        return probe.RunAsync(cancellationToken);
    }

    private void NoteFallen(string node)
    {
        _fallen++;
        tell($"     {node} has ended by itself and is started again");
    }

    private static void Write(Journal journal, JournalAction action, PlannedFault planned, int index, string? detail) => journal.Write(new JournalEntry
    {
        T = Journal.Now,
        Client = DrillJudge.DrillJournal,
        Action = action,
        Publisher = planned.Kind.Name(),
        Sequence = index + 1,
        Detail = detail,
    });
}
