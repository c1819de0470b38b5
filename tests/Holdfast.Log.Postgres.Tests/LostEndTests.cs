using Holdfast.Testing.Postgres;

namespace Holdfast.Log.Postgres.Tests;

/// <summary>A database that has less than it had committed, as after a fail-over without a synchronous standby.</summary>
public sealed class LostEndTests(SharedServer shared)
{
    [Fact]
    public async Task Who_was_told_of_more_than_the_database_has_hears_of_it_at_the_next_look()
    {
        var options = SharedServer.NewOptions();
        await using var owner = await Logs.OpenOwnerAsync(options);
        await using var other = await PostgresPartitionLog.OpenAsync(options with { Owner = "other" }, Logs.Cancellation);
        var lost = new List<LostEnd>();
        other.EndLost += lost.Add;
        await Logs.AppendAsync(owner, 1);
        await Logs.AppendAsync(owner, 1);
        other.Announce(1, owner.CommittedOffset(1));
        await other.ReadHeadsAsync(Logs.Cancellation);
        Assert.Empty(lost);

        LoseOne(options);
        await other.ReadHeadsAsync(Logs.Cancellation);
        Assert.Equal([new LostEnd(1, 2, 1)], lost);
    }

    [Fact]
    public async Task Who_claims_a_partition_that_has_lost_its_end_hears_of_it()
    {
        var options = SharedServer.NewOptions();
        await using var owner = await Logs.OpenOwnerAsync(options);
        var lost = new List<LostEnd>();
        owner.EndLost += lost.Add;
        await Logs.AppendAsync(owner, 1);
        LoseOne(options);
        await owner.ClaimAsync(1, owner.Owner, owner.Epoch(1), Logs.Cancellation);
        Assert.Equal([new LostEnd(1, 1, 0)], lost);
        Assert.Equal(0, owner.CommittedOffset(1));
    }

    private void LoseOne(PostgresOptions options) => shared.Server.Execute(
        $"DELETE FROM {options.Schema}.batch b USING {options.Schema}.partition_head h WHERE b.partition = 1 AND h.partition = 1 AND b.base_offset = h.next_offset - 1;"
        + $"UPDATE {options.Schema}.partition_head SET next_offset = next_offset - 1 WHERE partition = 1");
}
