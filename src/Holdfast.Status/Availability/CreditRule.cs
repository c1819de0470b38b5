namespace Holdfast.Status.Availability;

/// <summary>What is owed when a month was not as promised.</summary>
public sealed record CreditRule
{
    /// <summary>It applies when the share of time without downtime is below this.</summary>
    public double Below { get; init; }

    /// <summary>So many percent of the month's fee are owed.</summary>
    public double Percent { get; init; }
}
