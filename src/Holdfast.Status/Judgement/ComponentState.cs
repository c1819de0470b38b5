namespace Holdfast.Status.Judgement;

/// <summary>What the page says of a component; from <see cref="Operational"/> on ordered, the worst last.</summary>
internal enum ComponentState
{
    /// <summary>Nobody has looked lately. It is never shown as if it were well.</summary>
    Unknown,

    /// <summary>It works.</summary>
    Operational,

    /// <summary>It works, too slowly.</summary>
    Degraded,

    /// <summary>It fails as seen from a location, whose watchers agree.</summary>
    PartialOutage,

    /// <summary>It fails for most of those who look.</summary>
    MajorOutage,
}

/// <summary>What follows from a state.</summary>
internal static class ComponentStates
{
    /// <summary>Whether something is known to be wrong.</summary>
    public static bool IsBad(this ComponentState state) => state >= ComponentState.Degraded;

    /// <summary>Whether it counts as downtime.</summary>
    public static bool IsDown(this ComponentState state) => state >= ComponentState.PartialOutage;
}
