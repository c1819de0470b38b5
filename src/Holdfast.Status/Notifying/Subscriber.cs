namespace Holdfast.Status.Notifying;

/// <summary>Somebody who wants to be told.</summary>
/// <param name="Id">A random name that is never used again.</param>
/// <param name="Channel"><c>email</c>, <c>webhook</c>, <c>slack</c> or <c>sms</c>.</param>
/// <param name="Address">The mailbox, the address or the telephone number.</param>
/// <param name="Secret">What signs webhooks; empty for other channels.</param>
/// <param name="Components">About what; empty for all.</param>
/// <param name="Locations">Seen from where; empty for all.</param>
/// <param name="IsConfirmed">Whether the owner of a mailbox has said that it is wanted.</param>
/// <param name="MadeAt">Since when.</param>
/// <param name="AskedAt">When the owner was last asked.</param>
internal sealed record Subscriber(
    string Id,
    string Channel,
    string Address,
    string Secret,
    IReadOnlyList<string> Components,
    IReadOnlyList<string> Locations,
    bool IsConfirmed,
    DateTimeOffset MadeAt,
    DateTimeOffset AskedAt)
{
    /// <summary>Whether a notice is for this subscriber.</summary>
    public bool Wants(Notice notice) => IsConfirmed
        && (Components.Count == 0 || notice.Components.Count == 0 || notice.Components.Intersect(Components).Any())
        && (Locations.Count == 0 || notice.Locations.Count == 0 || notice.Locations.Intersect(Locations).Any());
}
