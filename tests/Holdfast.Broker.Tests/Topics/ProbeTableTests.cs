using CsCheck;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Tests.Topics;

public sealed class ProbeTableTests
{
    [Fact]
    public void It_holds_what_a_dictionary_holds()
        => Gen.Select(Gen.Int[0, 40], Gen.Bool).Array[1, 400].Sample(
            operations =>
            {
                var table = new ProbeTable<Item>();
                var oracle = new Dictionary<int, Item>();
                foreach (var (number, add) in operations)
                {
                    if (add)
                    {
                        var item = new Item(number);
                        Assert.Same(oracle.GetValueOrDefault(number), table.Set(new Key(number), item));
                        oracle[number] = item;
                    }
                    else
                    {
                        Assert.Same(oracle.GetValueOrDefault(number), table.Remove(new Key(number)));
                        oracle.Remove(number);
                    }

                    Assert.Equal(oracle.Count, table.Count);
                    Assert.Same(oracle.GetValueOrDefault(number), table.Find(new Key(number)));
                }

                var found = new HashSet<Item>();
                foreach (var item in table)
                {
                    Assert.True(found.Add(item));
                }

                Assert.Equal(oracle.Values.ToHashSet(), found);
                Assert.All(oracle, pair => Assert.Same(pair.Value, table.Find(new Key(pair.Key))));
            },
            iter: 300);

    private sealed class Item(int number)
    {
        public int Number => number;
    }

    /// <summary>Five hashes for all numbers, so that most collide.</summary>
    private readonly struct Key(int number) : IProbeKey<Item>
    {
        public uint Hash => (uint)number % 5;

        public uint HashOf(Item entry) => (uint)entry.Number % 5;

        public bool IsKeyOf(Item entry) => entry.Number == number;
    }
}
