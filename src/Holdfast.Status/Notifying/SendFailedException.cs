namespace Holdfast.Status.Notifying;

/// <summary>A notice was not sent. The message says why.</summary>
/// <param name="message">Why.</param>
/// <param name="isHopeless">Whether trying again would not help.</param>
internal sealed class SendFailedException(string message, bool isHopeless) : Exception(message)
{
    /// <summary>Whether trying again would not help.</summary>
    public bool IsHopeless { get; } = isHopeless;

    /// <summary>Whether the recipient wants nothing more, and is removed.</summary>
    public bool IsGone { get; init; }
}
