using Holdfast.Cluster.Ownership;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Tests.Ownership;

public sealed class OwnerTableTests
{
    private readonly OwnerTable _table = new(2);
    private int _changes;

    public OwnerTableTests() => _table.Changed += () => _changes++;

    [Fact]
    public void A_lower_epoch_never_wins()
    {
        _table.Hear(Names.A, [new OwnedPartition(0, 5, 0)]);
        _table.Hear(Names.B, [new OwnedPartition(0, 4, 0)]);
        Assert.Equal((Names.A, 5L, 1), (_table.OwnerOf(0), _table.EpochOf(0), _changes));

        _table.Hear(Names.B, [new OwnedPartition(0, 6, 0)]);
        Assert.Equal((Names.B, 6L, 2), (_table.OwnerOf(0), _table.EpochOf(0), _changes));
    }

    [Fact]
    public void What_a_node_does_not_name_it_has_let_go()
    {
        _table.Hear(Names.A, [new OwnedPartition(0, 1, 0), new OwnedPartition(1, 1, 0)]);
        Assert.True(_table.IsComplete);
        _table.Hear(Names.A, [new OwnedPartition(1, 1, 0)]);
        Assert.Equal((null, Names.A, false), (_table.OwnerOf(0), _table.OwnerOf(1), _table.IsComplete));
        Assert.Equal(1, _table.EpochOf(0));
    }

    [Fact]
    public void A_raised_epoch_of_the_same_owner_is_no_change_of_owners()
    {
        _table.Hear(Names.A, [new OwnedPartition(0, 1, 0)]);
        _table.Hear(Names.A, [new OwnedPartition(0, 2, 9)]);
        Assert.Equal((2L, 1), (_table.EpochOf(0), _changes));
    }
}
