namespace Holdfast.Log.Partitions;

/// <summary>The outcome of an append. A refusal is a result, not an exception.</summary>
public enum AppendStatus
{
    /// <summary>Committed.</summary>
    Appended,

    /// <summary>Another owner has taken the partition over: nothing was stored.</summary>
    Fenced,

    /// <summary>There is no room (below <c>minFree</c>, or the disk said so): nothing was stored.</summary>
    Full,
}
