namespace Holdfast.Status.Judgement;

/// <summary>How a step went; ordered, the worst last.</summary>
internal enum Verdict
{
    /// <summary>It did what it should, in time.</summary>
    Ok,

    /// <summary>It did what it should, too late.</summary>
    Late,

    /// <summary>It did not do what it should within its time-out.</summary>
    Failed,
}
