using Holdfast.Server.Drill;
using Holdfast.Server.Drill.Faults;
using Holdfast.Server.Drill.Judging;

namespace Holdfast.Server.Tests.Drill;

/// <summary>The judge of a drill on journals made by hand, each with one promise broken.</summary>
public sealed class DrillJudgeTests
{
    private const long Second = 1_000_000;

    private readonly List<JournalEntry> _entries = [];

    [Fact]
    public void A_drill_in_which_nothing_is_broken_is_kept()
    {
        Subscribe();
        Deliver(1, 1);
        Fault(2, FaultKind.NodeKill);
        Deliver(2, 3);

        DrillReport report = Report();

        Assert.Null(report.Problem);
        KindReport kind = Assert.Single(report.Kinds);
        Assert.Equal(("node-kill", 0, 0, 0, 2.0), (kind.Kind, kind.Lost, kind.Duplicated, kind.Reordered, kind.PauseMaxSeconds));
    }

    [Fact]
    public void What_was_acknowledged_and_not_delivered_is_lost_since_the_fault_before_it()
    {
        Subscribe();
        Fault(1, FaultKind.NodeKill);
        Deliver(1, 2);
        Fault(3, FaultKind.SlowNetwork);
        Publish(2, 4);

        DrillReport report = Report();

        Assert.Equal([0, 1], report.Kinds.Select(kind => kind.Lost));
        Assert.NotNull(report.Problem);
    }

    [Fact]
    public void An_event_stored_twice_under_a_stream_and_sequence_is_a_duplicate()
    {
        Subscribe();
        Fault(1, FaultKind.PrimaryKill);
        Deliver(1, 2);
        Receive(1, 3, "x-0-2");

        Assert.Equal(1, Assert.Single(Report().Kinds).Duplicated);
    }

    [Fact]
    public void An_event_before_an_earlier_one_is_out_of_order()
    {
        Subscribe();
        Fault(1, FaultKind.PrimaryKill);
        Publish(1, 2);
        Publish(2, 2);
        Receive(2, 3, "x-0-2");
        Receive(1, 3, "x-0-1");

        Assert.Equal(1, Assert.Single(Report().Kinds).Reordered);
    }

    [Theory]
    [InlineData("NodeKill", 2.0, 0)]
    [InlineData("NodeKill", 2.1, 1)]
    [InlineData("RollingRestart", 1.1, 1)]
    [InlineData("SlowNetwork", 9.0, 0)]
    public void A_pause_longer_than_promised_breaks_the_drill(string kind, double seconds, int tooLong)
    {
        Subscribe();
        Commit(1);
        Deliver(1, 1);
        Fault(1.0001, Enum.Parse<FaultKind>(kind));
        Deliver(2, 1 + seconds);

        DrillReport report = Report();

        Assert.Equal(tooLong, Assert.Single(report.Kinds).PausesTooLong);
        Assert.Equal(tooLong == 0, report.IsKept);
    }

    [Theory]
    [InlineData(9.9, true)]
    [InlineData(10.1, false)]
    public void After_the_death_of_the_primary_the_pause_may_be_one_second_longer_than_that_of_the_database(double seconds, bool isKept)
    {
        Subscribe();
        Deliver(1, 1);
        Commit(1);
        Fault(1.0001, FaultKind.PrimaryKill);
        Commit(10);
        Deliver(2, 1 + seconds);

        DrillReport report = Report();

        Assert.Equal(9, Assert.Single(report.Kinds).DatabasePauseMaxSeconds);
        Assert.Equal(isKept, report.IsKept);
    }

    [Fact]
    public void A_pause_after_the_next_fault_is_not_that_of_the_one_before()
    {
        Subscribe();
        Deliver(1, 1);
        Fault(1.5, FaultKind.NodeKill);
        Deliver(2, 2);
        Fault(2.5, FaultKind.SlowNetwork);
        Deliver(3, 9);

        Assert.Equal([1.0, 7.0], Report().Faults.Select(fault => fault.PauseSeconds));
    }

    [Fact]
    public void The_webhook_pauses_until_another_node_delivers()
    {
        Subscribe();
        Deliver(1, 1);
        Add(1, "webhook", JournalAction.Received, 1, "x-0-1");
        Fault(2, FaultKind.NodeKill);
        Deliver(2, 4);
        Add(3.5, "webhook", JournalAction.Received, 2, "x-0-2");

        Assert.Equal(2.5, Assert.Single(Report().Kinds).WebhookPauseMaxSeconds);
    }

    [Fact]
    public void One_machine_is_promised_no_pause()
    {
        Subscribe();
        Deliver(1, 1);
        Fault(1.0001, FaultKind.NodeKill);
        Deliver(2, 9);

        Assert.Null(Report().Problem);
    }

    [Fact]
    public void A_publisher_that_is_never_acknowledged_again_pauses_until_the_end()
    {
        Subscribe();
        Deliver(1, 1);
        Fault(2, FaultKind.NodeKill);
        Deliver(2, 2.5);
        Fault(12, FaultKind.SlowNetwork);
        Publish(3, 13);
        Receive(3, 13, "x-0-3");

        Assert.True(Report().Faults[0].PauseSeconds > 9);
    }

    [Fact]
    public void A_drill_that_ended_early_is_not_kept_and_what_was_on_its_way_is_not_lost()
    {
        Subscribe();
        Publish(1, 1);

        DrillReport report = DrillReport.Make(1, _entries, 0, "the nodes caught fire");

        Assert.Equal("the nodes caught fire", report.Problem);
        Assert.Empty(report.Violations);
    }

    private DrillReport Report() => DrillReport.Make(1, _entries, 0, null);

    private void Subscribe() => Add(0, "subscriber", JournalAction.Subscribed, 0);

    private void Deliver(long sequence, double at)
    {
        Publish(sequence, at);
        Receive(sequence, at, $"x-0-{sequence}");
    }

    private void Publish(long sequence, double at)
    {
        Add(at, "p", JournalAction.Published, sequence);
        Add(at, "p", JournalAction.Acknowledged, sequence);
    }

    private void Receive(long sequence, double at, string id) => Add(at, "subscriber", JournalAction.Received, sequence, id);

    private void Commit(double at) => Add(at, DrillJudge.DatabaseJournal, JournalAction.Committed, 0);

    private void Fault(double at, FaultKind kind) => _entries.Add(new JournalEntry
    {
        T = (long)(at * Second),
        Client = DrillJudge.DrillJournal,
        Action = JournalAction.FaultBegun,
        Publisher = kind.Name(),
        Sequence = _entries.Count,
        Detail = "a fault",
    });

    private void Add(double at, string client, JournalAction action, long sequence, string? id = null) => _entries.Add(new JournalEntry
    {
        T = (long)Math.Round(at * Second),
        Client = client,
        Action = action,
        Publisher = "p",
        Sequence = sequence,
        Topic = action == JournalAction.Subscribed ? "devices/+/events/#" : "devices/p/events/x",
        Qos = 1,
        Once = action == JournalAction.Published,
        Id = id,
    });
}
