using Holdfast.Status.Judgement;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Tests.Judgement;

namespace Holdfast.Status.Tests.Maintenances;

public sealed class MaintenanceTests
{
    private const string Watcher = "paris/1";

    [Fact]
    public void It_is_announced_again_begins_and_ends_by_itself()
    {
        World world = Plan(TimeSpan.FromHours(48), TimeSpan.FromHours(1));
        world.Calendar.Advance();
        Assert.Empty(world.Calendar.All[0].Updates);
        foreach ((TimeSpan pause, MaintenanceStatus status, string words) in new[]
        {
            (TimeSpan.FromHours(24), MaintenanceStatus.Scheduled, "begins in 1 d"),
            (TimeSpan.FromHours(24), MaintenanceStatus.InProgress, "has begun"),
            (TimeSpan.FromHours(1), MaintenanceStatus.Completed, "is over"),
        })
        {
            world.Clock.Advance(pause);
            world.Calendar.Advance();
            world.Calendar.Advance();
            Assert.Equal(status, world.Calendar.All[0].Status);
            Assert.Contains(words, world.Calendar.All[0].Updates[^1].Text, StringComparison.Ordinal);
        }

        Assert.Equal(3, world.Calendar.All[0].Updates.Count);
    }

    [Fact]
    public void What_is_under_maintenance_opens_no_incident_and_what_is_left_broken_does()
    {
        World world = Plan(TimeSpan.Zero, TimeSpan.FromMinutes(10));
        world.Calendar.Advance();
        for (int round = 0; round < 60; round++)
        {
            world.Pass((Watcher, Verdict.Failed));
            world.Calendar.Advance();
        }

        Assert.Equal(ComponentState.MajorOutage, world.State);
        Assert.Empty(world.Book.All);
        for (int round = 0; round < 7; round++)
        {
            world.Pass((Watcher, Verdict.Failed));
            world.Calendar.Advance();
        }

        Assert.Equal(world.Calendar.All[0].EndsAt, world.Incident.StartedAt);
    }

    [Fact]
    public void Another_component_opens_its_incident_all_the_same()
    {
        World world = Plan(TimeSpan.Zero, TimeSpan.FromMinutes(10));
        world.Calendar.Advance();
        world.Report(Watcher, Verdict.Failed, component: "HTTP");
        world.Pass(World.Interval);
        world.Report(Watcher, Verdict.Failed, component: "HTTP");
        Assert.Equal(["HTTP"], world.Incident.Components);
    }

    private static World Plan(TimeSpan start, TimeSpan length)
    {
        var world = new World(Watcher);
        DateTimeOffset at = world.Clock.GetUtcNow() + start;
        world.Calendar.Maintenances.Keep(new Maintenance(1, "New disks", ["MQTT"], at, at + length));
        return world;
    }
}
