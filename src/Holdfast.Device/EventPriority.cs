namespace Holdfast.Device;

/// <summary>Which events go first, and which are given up last. Events of one priority keep their order.</summary>
public enum EventPriority
{
    /// <summary>Goes last.</summary>
    Low,

    /// <summary>The usual one.</summary>
    Normal,

    /// <summary>Goes first.</summary>
    Urgent,
}
