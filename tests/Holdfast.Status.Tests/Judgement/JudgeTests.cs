using CsCheck;
using Holdfast.Status.Judgement;

namespace Holdfast.Status.Tests.Judgement;

public sealed class JudgeTests
{
    private const Verdict Ok = Verdict.Ok;
    private const Verdict Late = Verdict.Late;
    private const Verdict Failed = Verdict.Failed;

    [Fact]
    public void Nothing_is_known_before_anybody_has_looked()
    {
        var world = new World("paris/1");
        Assert.Equal(ComponentState.Unknown, world.State);
        Assert.Equal(ComponentState.Unknown, world.Board.Overall);
    }

    [Fact]
    public void One_good_round_is_enough_to_begin()
    {
        var world = new World("paris/1");
        world.Pass(("paris/1", Ok));
        Assert.Equal(ComponentState.Operational, world.State);
    }

    [Fact]
    public void One_failed_round_is_no_outage_two_are_and_it_began_with_the_first()
    {
        var world = new World("paris/1");
        world.Pass(("paris/1", Ok));
        DateTimeOffset first = world.Clock.GetUtcNow();
        world.Pass(("paris/1", Failed));
        Assert.Equal(ComponentState.Operational, world.State);
        world.Pass(("paris/1", Failed));
        Assert.Equal(ComponentState.MajorOutage, world.State);
        Assert.Equal(first, world.Changes[^1].At);
    }

    [Fact]
    public void It_recovers_after_three_good_rounds_and_the_outage_ended_with_the_first()
    {
        var world = new World("paris/1");
        world.Pass(("paris/1", Failed));
        world.Pass(("paris/1", Failed));
        DateTimeOffset first = world.Clock.GetUtcNow();
        world.Pass(("paris/1", Ok));
        world.Pass(("paris/1", Ok));
        Assert.Equal(ComponentState.MajorOutage, world.State);
        world.Pass(("paris/1", Ok));
        Assert.Equal(ComponentState.Operational, world.State);
        Assert.Equal(first, world.Changes[^1].At);
    }

    [Fact]
    public void A_fault_that_comes_and_goes_is_seen()
    {
        var world = new World("paris/1");
        foreach (Verdict verdict in new[] { Ok, Failed, Ok, Failed, Ok, Failed })
        {
            world.Pass(("paris/1", verdict));
        }

        Assert.Equal(ComponentState.MajorOutage, world.State);
    }

    [Fact]
    public void Slowness_is_degraded_not_down()
    {
        var world = new World("paris/1");
        world.Pass(("paris/1", Ok));
        for (int round = 0; round < 3; round++)
        {
            world.Pass(("paris/1", Late));
        }

        Assert.Equal(ComponentState.Degraded, world.State);
    }

    [Fact]
    public void One_watcher_of_three_decides_nothing()
    {
        var world = new World("paris/1", "oslo/1", "rome/1");
        for (int round = 0; round < 10; round++)
        {
            world.Pass(("paris/1", Failed), ("oslo/1", Ok), ("rome/1", Ok));
        }

        Assert.Equal(ComponentState.Operational, world.State);
        Assert.Empty(world.Book.All);
        Assert.Equal(ComponentState.MajorOutage, world.Board.Components[0].Locations.Single(location => location.Name == "paris").State);
    }

    [Fact]
    public void A_location_whose_watchers_agree_is_a_partial_outage()
    {
        var world = new World("paris/1", "paris/2", "oslo/1", "rome/1");
        for (int round = 0; round < 2; round++)
        {
            world.Pass(("paris/1", Failed), ("paris/2", Failed), ("oslo/1", Ok), ("rome/1", Ok));
        }

        Assert.Equal(ComponentState.PartialOutage, world.State);
    }

    [Fact]
    public void When_watchers_fall_silent_the_state_is_unknown_since_they_were_last_heard_and_monitoring_is_down()
    {
        var world = new World("paris/1");
        DateTimeOffset last = world.Clock.GetUtcNow();
        world.Pass(("paris/1", Ok));
        world.Pass(TimeSpan.FromSeconds(19));
        Assert.Equal(ComponentState.Operational, world.State);
        world.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(ComponentState.Unknown, world.State);
        Assert.Equal(last, world.Board.Components[0].Since);
        Assert.Equal(ComponentState.MajorOutage, world.Board.Monitoring.State);
        Assert.Equal("Monitoring: no watcher reports", world.Incident.Title);
    }

    [Fact]
    public void A_watcher_that_never_reports_is_shown()
    {
        var world = new World("paris/1", "oslo/1");
        for (int round = 0; round < 4; round++)
        {
            world.Pass(("paris/1", Ok));
        }

        Assert.Equal(ComponentState.Operational, world.State);
        Assert.Equal(ComponentState.PartialOutage, world.Board.Monitoring.State);
        Assert.Equal("oslo/1", Assert.Single(world.Board.Watchers, watcher => watcher.IsSilent).Name);
    }

    [Fact]
    public void An_old_round_changes_no_state()
    {
        var world = new World("paris/1");
        world.Pass(("paris/1", Ok));
        var old = new Observation("MQTT", "connect", Failed, TimeSpan.Zero);
        for (int minute = 9; minute > 4; minute--)
        {
            world.Judge.Take(new Round("oslo/1", "oslo", world.Clock.GetUtcNow().AddMinutes(-minute), World.Interval, [old]));
        }

        Assert.Equal(ComponentState.Operational, world.State);
        Assert.DoesNotContain(world.Board.Watchers, watcher => watcher.Name == "oslo/1");
    }

    [Fact]
    public void A_restart_continues_an_outage_and_ends_it_only_after_three_good_rounds()
    {
        var world = new World("paris/1");
        world.Judge.Restore([new StateChange("MQTT", world.Clock.GetUtcNow().AddHours(-1), ComponentState.MajorOutage)]);
        world.Pass(("paris/1", Ok));
        world.Pass(("paris/1", Ok));
        Assert.Equal(ComponentState.MajorOutage, world.State);
        world.Pass(("paris/1", Ok));
        Assert.Equal(ComponentState.Operational, world.State);
    }

    [Fact]
    public void One_flapping_watcher_among_others_opens_nothing_whatever_it_says()
        => Gen.Enum<Verdict>().Array[1, 40].Sample(flaps =>
        {
            var world = new World("paris/1", "paris/2", "oslo/1");
            foreach (Verdict verdict in flaps)
            {
                world.Pass(("paris/1", verdict), ("paris/2", Ok), ("oslo/1", Ok));
                Assert.Equal(ComponentState.Operational, world.State);
            }

            Assert.Empty(world.Book.All);
        }, iter: 200, seed: "0001Xk8hqzM4");

    [Fact]
    public void Worse_news_from_a_watcher_never_makes_the_state_better()
        => Gen.Select(Gen.Select(Gen.Int[0, 2], Gen.Enum<Verdict>()).Array[1, 8], Gen.Int[0, 7]).Sample((votes, index) =>
        {
            Ballot[] before = [.. votes.Select(vote => new Ballot($"location {vote.Item1}", vote.Item2))];
            Ballot[] after = [.. before];
            Ballot turned = after[index % after.Length];
            after[index % after.Length] = turned with { Verdict = Failed };
            Assert.True(Quorum.Judge(after) >= Quorum.Judge(before));
        }, seed: "0001Xk8hqzM4");

    [Fact]
    public void Whatever_happened_three_good_rounds_of_all_end_it_and_history_is_in_order()
        => Gen.Enum<Verdict>().Array[3].Array[1, 30].Sample(rounds =>
        {
            string[] watchers = ["paris/1", "oslo/1", "rome/1"];
            var world = new World(watchers);
            foreach (Verdict[] round in rounds)
            {
                world.Pass([.. watchers.Zip(round)]);
                bool isBad = world.State.IsBad();
                Assert.Equal(isBad, world.Book.All.Any(incident => incident.IsOpen));
            }

            for (int round = 0; round < 3; round++)
            {
                world.Pass([.. watchers.Select(watcher => (watcher, Ok))]);
            }

            Assert.Equal(ComponentState.Operational, world.State);
            Assert.All(world.Book.All, incident => Assert.True(incident.ResolvedAt >= incident.StartedAt));
            StateChange[] changes = [.. world.Changes.Where(change => change.Component == "MQTT")];
            Assert.All(changes.Zip(changes.Skip(1)), pair => Assert.True(pair.First.At <= pair.Second.At && pair.First.State != pair.Second.State));
        }, iter: 300, seed: "0001Xk8hqzM4");
}
