namespace Holdfast.Log.Postgres.Members;

/// <summary>One life of a node in the cluster's membership. Times are ages, measured by the database's clock, because the nodes' clocks may differ.</summary>
public sealed record Member
{
    /// <summary>Names this life; unique in the cluster.</summary>
    public required string Address { get; init; }

    /// <summary>What the operator calls the node.</summary>
    public required string Name { get; init; }

    /// <summary>The name of its machine.</summary>
    public required string Host { get; init; }

    /// <summary>The program that it runs.</summary>
    public string Role { get; init; } = string.Empty;

    /// <summary>What it is doing, in the numbers of whoever keeps the membership.</summary>
    public required int Status { get; init; }

    /// <summary>For how long the row has been there.</summary>
    public TimeSpan SinceStart { get; init; }

    /// <summary>How long ago it last said that it lives.</summary>
    public TimeSpan SinceAlive { get; init; }

    /// <summary>Which members suspect it to be dead, and for how long.</summary>
    public IReadOnlyList<(string Address, TimeSpan Since)> Suspicions { get; init; } = [];

    /// <summary>The version of the membership in which the row was changed last; a change names it.</summary>
    public int ChangedIn { get; init; }
}

/// <summary>The membership at one moment.</summary>
/// <param name="Version">Grows by one with each change.</param>
/// <param name="Members">All rows, in no order.</param>
public sealed record Membership(int Version, IReadOnlyList<Member> Members);
