namespace Holdfast.Broker.Limits.Overload;

/// <summary>
/// Divides what a node can do among those who want it, by water-filling: everybody gets what he wants as long as it is no more than what is left for each; what one does not want, the others get. So whoever wants little does
/// not notice that somebody wants much.
/// </summary>
internal static class FairShare
{
    /// <summary>What somebody wants who was held back: more than there is.</summary>
    public const long Unbounded = long.MaxValue;

    /// <summary>Divides.</summary>
    /// <param name="budget">What there is.</param>
    /// <param name="wanted">What each wants.</param>
    /// <returns>What each gets.</returns>
    public static long[] Divide(long budget, IReadOnlyList<long> wanted)
    {
        var shares = new long[wanted.Count];
        var left = budget;
        var count = wanted.Count;
        foreach (var index in Enumerable.Range(0, wanted.Count).OrderBy(index => wanted[index]))
        {
            shares[index] = Math.Min(wanted[index], left / count);
            left -= shares[index];
            count--;
        }

        return shares;
    }

    /// <summary>Divides among products, then among the clients of each, then among the connections of each client.</summary>
    /// <param name="budget">What there is.</param>
    /// <param name="connections">Who wants something.</param>
    public static void Divide(long budget, IReadOnlyList<Demand> connections) => Divide(budget, connections, 0);

    private static void Divide(long budget, IReadOnlyList<Demand> connections, int depth)
    {
        if (depth == 2)
        {
            var shares = Divide(budget, [.. connections.Select(one => one.Wanted)]);
            for (var index = 0; index < shares.Length; index++)
            {
                connections[index].Share = shares[index];
            }

            return;
        }

        var groups = connections.GroupBy(one => depth == 0 ? one.Product : one.Client).Select(group => group.ToList()).ToList();
        var sharesOfGroups = Divide(budget, groups.ConvertAll(Sum));
        for (var index = 0; index < groups.Count; index++)
        {
            Divide(sharesOfGroups[index], groups[index], depth + 1);
        }
    }

    private static long Sum(List<Demand> connections) => connections.Exists(one => one.Wanted == Unbounded) ? Unbounded : connections.Sum(one => one.Wanted);

    /// <summary>What one connection wants, and gets.</summary>
    /// <param name="product">Its product.</param>
    /// <param name="client">Its device or token.</param>
    /// <param name="wanted">Bytes.</param>
    internal sealed class Demand(string product, string client, long wanted)
    {
        public string Product => product;

        public string Client => client;

        public long Wanted => wanted;

        public long Share { get; set; }
    }
}
