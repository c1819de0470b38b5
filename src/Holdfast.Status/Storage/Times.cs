namespace Holdfast.Status.Storage;

/// <summary>Times as they are stored: Unix milliseconds.</summary>
internal static class Times
{
    /// <summary>Reads one.</summary>
    public static DateTimeOffset From(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
