using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;
using Holdfast.Log.Postgres;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Cluster.Tests.Ownership;

public sealed class OwnershipDecisionTests
{
    private const int Partitions = 8;

    private readonly FakeTimeProvider _time = new();
    private readonly ClusterTimes _times = new();
    private readonly OwnerTable _owners = new(Partitions);
    private readonly NodeHearing _hearing;
    private readonly DatabaseReach _reach;
    private readonly OwnershipDecision _decision;
    private readonly long[] _servedSince = new long[Partitions];

    public OwnershipDecisionTests()
    {
        _hearing = new NodeHearing(_time);
        _reach = new DatabaseReach(_time);
        _decision = new OwnershipDecision(_times, Names.A, _hearing, _owners, _reach, static () => true, _time);
    }

    [Fact]
    public void Alone_it_claims_everything_but_not_before_owners_had_time_to_be_heard()
    {
        Assert.Empty(Decide().ToClaim);
        _time.Advance(_times.Silence);
        Assert.Equal(Enumerable.Range(0, Partitions), Decide().ToClaim);
    }

    [Fact]
    public void A_partition_of_an_owner_that_is_heard_is_not_claimed_and_one_of_a_silent_owner_is()
    {
        _owners.Hear(Names.B, [.. Enumerable.Range(0, Partitions).Select(partition => new OwnedPartition(partition, 1, 0))]);
        _hearing.Hear(Names.Beat(Names.B));
        _time.Advance(_times.Silence - TimeSpan.FromMilliseconds(1));
        Assert.Empty(Decide().ToClaim);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Partitions, Decide().ToClaim.Count);
    }

    [Fact]
    public void What_falls_to_another_is_let_go_after_the_tenure()
    {
        Serve(epoch: 1);
        _time.Advance(_times.Tenure - TimeSpan.FromMilliseconds(1));
        _reach.Note();
        _hearing.Hear(Names.Beat(Names.B));
        Assert.Empty(Decide().ToLetGo);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        var changes = Decide();
        Assert.Equal(Partitions / 2, changes.ToLetGo.Count);
        Assert.All(changes.ToLetGo, one => Assert.Equal(Names.B, one.FallsTo));
    }

    [Fact]
    public void What_another_has_taken_is_let_go_at_once_though_it_falls_to_this_node()
    {
        Serve(epoch: 3);
        _owners.Hear(Names.B, [new OwnedPartition(2, 4, 0)]);
        var (partition, node) = Assert.Single(Decide().ToLetGo);
        Assert.Equal((2, null), (partition, node));
    }

    [Fact]
    public void An_owner_that_is_heard_again_before_the_database_answers_keeps_its_partition()
    {
        _owners.Hear(Names.B, [new OwnedPartition(0, 1, 0)]);
        _hearing.Hear(Names.Beat(Names.B));
        _time.Advance(_times.Silence);
        Assert.Contains(0, Decide().ToClaim);
        var head = new PartitionHead(0, 10, 1, Names.B.ToString());
        Assert.True(_decision.IsFree(head));
        _hearing.Hear(Names.Beat(Names.B));
        Assert.False(_decision.IsFree(head));
    }

    [Fact]
    public void A_live_node_that_moved_the_epoch_has_a_time_to_say_that_it_serves()
    {
        _time.Advance(_times.Silence);
        _owners.Hear(Names.B, [new OwnedPartition(0, 1, 0)]);
        _owners.Hear(Names.B, []);
        var head = new PartitionHead(0, 10, 2, Names.B.ToString());
        for (var passed = 0; passed < 5; passed++)
        {
            _hearing.Hear(Names.Beat(Names.B));
            Assert.False(_decision.IsFree(head));
            _time.Advance(_times.Silence / 5);
        }

        _hearing.Hear(Names.Beat(Names.B));
        Assert.True(_decision.IsFree(head));
        Assert.False(_decision.IsFree(head with { Epoch = 3 }));
        Assert.True(_decision.IsFree(head with { Epoch = 1 }));
    }

    [Fact]
    public void Of_two_lives_of_a_node_only_the_later_counts()
    {
        _time.Advance(_times.Silence);
        _hearing.Hear(Names.Beat(Names.Of("b", 1)));
        _hearing.Hear(Names.Beat(Names.Of("b", 2)));
        _hearing.Hear(Names.Beat(Names.Of("a", 7)));
        Assert.Equal(Partitions / 2, Decide().ToClaim.Count);
    }

    [Fact]
    public void What_the_database_names_another_owner_of_is_found()
    {
        Serve(epoch: 3);
        PartitionHead[] heads = [new(0, 10, 3, Names.A.ToString()), new(1, 10, 4, Names.B.ToString()), new(2, 10, 2, Names.B.ToString()), new(3, 10, 5, Names.A.ToString())];
        Assert.Equal([1], _decision.FindTaken(heads, _servedSince, _ => 3));
        _servedSince[1] = 0;
        Assert.Empty(_decision.FindTaken(heads, _servedSince, _ => 3));
    }

    [Fact]
    public void An_owner_that_is_cut_off_from_the_database_loses_its_partitions_to_one_that_is_not()
    {
        _owners.Hear(Names.B, [.. Enumerable.Range(0, Partitions).Select(partition => new OwnedPartition(partition, 1, 0))]);
        _time.Advance(DatabaseReach.SteadyAfter);
        _reach.Note();
        _hearing.Hear(Names.Beat(Names.B));
        Assert.Empty(Decide().ToClaim);
        _hearing.Hear(Names.Beat(Names.B) with { IsCut = true });
        Assert.Equal(Partitions, Decide().ToClaim.Count);
        Assert.True(_decision.IsFree(new PartitionHead(0, 10, 1, Names.B.ToString())));
    }

    [Fact]
    public void When_the_database_was_away_from_everybody_nobody_loses_anything_at_its_return()
    {
        _owners.Hear(Names.B, [.. Enumerable.Range(0, Partitions).Select(partition => new OwnedPartition(partition, 1, 0))]);
        _time.Advance(DatabaseReach.CutAfter);
        _hearing.Hear(Names.Beat(Names.B) with { IsCut = true });
        Assert.Empty(Decide().ToClaim);

        _reach.Note();
        Assert.Empty(Decide().ToClaim);
        _time.Advance(DatabaseReach.SteadyAfter);
        _reach.Note();
        _hearing.Hear(Names.Beat(Names.B) with { IsCut = true });
        Assert.NotEmpty(Decide().ToClaim);
    }

    [Fact]
    public void A_node_that_commits_nothing_gives_nothing_away_until_others_have_committed_for_a_while()
    {
        Serve(epoch: 3);
        _time.Advance(_times.Tenure + DatabaseReach.CutAfter);
        _hearing.Hear(Names.Beat(Names.B));
        Assert.True(Decide().ToLetGo.Count < Partitions);
        Assert.Empty(Decide().ToClaim);

        // The other notices a moment later that the database is away from it, too; and that it is back a moment earlier.
        _time.Advance(DatabaseReach.AloneAfter / 2);
        _hearing.Hear(Names.Beat(Names.B) with { IsCut = true });
        Decide();
        _time.Advance(DatabaseReach.AloneAfter);
        _hearing.Hear(Names.Beat(Names.B));
        Assert.True(Decide().ToLetGo.Count < Partitions);

        _time.Advance(DatabaseReach.AloneAfter);
        _hearing.Hear(Names.Beat(Names.B));
        Assert.Equal(Partitions, Decide().ToLetGo.Count);
    }

    private OwnershipChanges Decide() => _decision.Decide(_servedSince, _ => 3);

    private void Serve(long epoch)
    {
        Array.Fill(_servedSince, _time.GetTimestamp());
        _owners.Hear(Names.A, [.. Enumerable.Range(0, Partitions).Select(partition => new OwnedPartition(partition, epoch, 0))]);
    }
}
