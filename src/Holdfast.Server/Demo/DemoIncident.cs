using System.Globalization;
using System.Text;

namespace Holdfast.Server.Demo;

/// <summary>What the status page recorded of the crash.</summary>
/// <param name="Title">What it calls it; the failing step is in it.</param>
/// <param name="Updates">What it said, the oldest first.</param>
/// <param name="KilledAt">When the broker was killed.</param>
/// <param name="Duration">How long it lasted, by measurement; null while it is not closed.</param>
/// <param name="Page">The page as a file; null when it could not be written.</param>
internal sealed record DemoIncident(string Title, IReadOnlyList<DemoUpdate> Updates, DateTimeOffset KilledAt, TimeSpan? Duration, string? Page)
{
    /// <summary>From the kill until the page said that something is wrong.</summary>
    public TimeSpan OpenedAfter => Updates[0].At - KilledAt;

    /// <summary>The record as text.</summary>
    public string Format()
    {
        var text = new StringBuilder();
        text.AppendLine("What the status page says, which a watcher feeds from outside and nobody told:");
        text.AppendLine(CultureInfo.InvariantCulture, $"  {Title}");
        foreach (DemoUpdate update in Updates)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {(update.At - KilledAt).TotalSeconds,5:0.0} s after the kill  {update.Status}: {update.Text.ReplaceLineEndings(" ")}");
        }

        if (Page is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  to look at: {Page}");
        }

        return text.ToString().TrimEnd();
    }
}

/// <summary>Something that the page said.</summary>
/// <param name="At">When.</param>
/// <param name="Status">Where the incident was in its life.</param>
/// <param name="Text">What.</param>
internal sealed record DemoUpdate(DateTimeOffset At, string Status, string Text);
