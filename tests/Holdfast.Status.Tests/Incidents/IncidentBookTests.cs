using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Tests.Judgement;

namespace Holdfast.Status.Tests.Incidents;

public sealed class IncidentBookTests
{
    private const string Watcher = "paris/1";

    [Fact]
    public void It_opens_by_itself_and_names_the_step_and_the_location()
    {
        var world = new World(Watcher);
        Fail(world);
        Assert.Equal("MQTT: published messages are not acknowledged", world.Incident.Title);
        Assert.True(world.Incident is { IsAutomatic: true, IsConfirmed: false, IsOpen: true, Impact: ComponentState.MajorOutage });
        string text = Assert.Single(world.Incident.Updates).Text;
        Assert.StartsWith("Detected automatically, not yet confirmed.", text, StringComparison.Ordinal);
        Assert.Contains("acknowledge (published messages are not acknowledged: no answer)", text, StringComparison.Ordinal);
        Assert.Contains("Seen from: paris", text, StringComparison.Ordinal);
    }

    [Fact]
    public void It_closes_by_itself_and_says_how_long_it_was()
    {
        var world = new World(Watcher);
        Fail(world);
        Recover(world);
        Assert.Equal(TimeSpan.FromSeconds(20), world.Incident.ResolvedAt - world.Incident.StartedAt);
        Assert.Equal(IncidentStatus.Resolved, world.Incident.Status);
        Assert.Contains("after 20 s", world.Incident.Updates[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_again_soon_opens_it_again()
    {
        var world = new World(Watcher);
        Fail(world);
        Recover(world);
        Fail(world);
        Assert.True(world.Incident.IsOpen);
    }

    [Fact]
    public void The_same_again_much_later_is_another()
    {
        var world = new World(Watcher);
        Fail(world);
        Recover(world);
        for (int round = 0; round < 80; round++)
        {
            world.Pass((Watcher, Verdict.Ok));
        }

        Fail(world);
        Assert.Equal(2, world.Book.All.Count);
        Assert.Equal(2, world.Book.All[0].Id);
    }

    [Fact]
    public void What_fails_together_is_one_incident_that_ends_with_the_last()
    {
        var world = new World(Watcher);
        for (int round = 0; round < 2; round++)
        {
            world.Judge.Take(Both(world, Verdict.Failed, Verdict.Failed));
            world.Pass(World.Interval);
        }

        Assert.Equal(["HTTP", "MQTT"], world.Incident.Components);
        for (int round = 0; round < 4; round++)
        {
            world.Judge.Take(Both(world, Verdict.Ok, Verdict.Failed));
            world.Pass(World.Interval);
        }

        Assert.True(world.Incident.IsOpen);
        for (int round = 0; round < 3; round++)
        {
            world.Judge.Take(Both(world, Verdict.Ok, Verdict.Ok));
            world.Pass(World.Interval);
        }

        Assert.False(world.Incident.IsOpen);
    }

    [Fact]
    public void An_outage_does_not_end_because_nobody_looks_any_more()
    {
        var world = new World(Watcher);
        Fail(world);
        world.Pass(TimeSpan.FromHours(1));
        Assert.Equal(2, world.Book.All.Count);
        Assert.All(world.Book.All, incident => Assert.True(incident.IsOpen));
    }

    [Fact]
    public void It_tells_what_changes_but_not_more_often_than_twice_a_minute()
    {
        var world = new World(Watcher);
        Fail(world);
        world.Report(Watcher, Verdict.Failed, "connect");
        Assert.Single(world.Incident.Updates);
        world.Pass(World.Interval);
        for (int round = 0; round < 3; round++)
        {
            world.Report(Watcher, Verdict.Failed, "connect");
            world.Pass(World.Interval);
        }

        Assert.Equal(2, world.Incident.Updates.Count);
        Assert.Contains("connect (devices cannot connect", world.Incident.Updates[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_confirmed_incident_no_longer_says_that_it_is_not_confirmed()
    {
        var world = new World(Watcher);
        Fail(world);
        world.Book.Incidents.Keep(world.Incident with { IsConfirmed = true, Status = IncidentStatus.Identified });
        for (int round = 0; round < 4; round++)
        {
            world.Report(Watcher, Verdict.Failed, "connect");
            world.Pass(World.Interval);
        }

        Assert.DoesNotContain("not yet confirmed", world.Incident.Updates[^1].Text, StringComparison.Ordinal);
        Assert.Equal(IncidentStatus.Identified, world.Incident.Status);
    }

    private static Round Both(World world, Verdict http, Verdict mqtt) => new(Watcher, "paris", world.Clock.GetUtcNow(), World.Interval,
    [
        new Observation("HTTP", "publish", http, TimeSpan.Zero),
        new Observation("MQTT", "acknowledge", mqtt, TimeSpan.Zero),
    ]);

    private static void Fail(World world)
    {
        world.Pass((Watcher, Verdict.Failed));
        world.Pass((Watcher, Verdict.Failed));
    }

    private static void Recover(World world)
    {
        for (int round = 0; round < 3; round++)
        {
            world.Pass((Watcher, Verdict.Ok));
        }
    }
}
