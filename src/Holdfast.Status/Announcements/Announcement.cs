namespace Holdfast.Status.Announcements;

/// <summary>News that is neither an incident nor a maintenance.</summary>
/// <param name="Id">Its number, from 1.</param>
/// <param name="Title">What it is, in a few words.</param>
/// <param name="Text">All of it, in Markdown.</param>
/// <param name="At">Since when.</param>
/// <param name="Until">Until when it is shown at the top of the page; null for no end.</param>
internal sealed record Announcement(long Id, string Title, string Text, DateTimeOffset At, DateTimeOffset? Until);
