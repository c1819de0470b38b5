namespace Holdfast.Server.Drill.Judging;

/// <summary>A span of a run during which a fault was felt: from its beginning until the next one begins.</summary>
/// <param name="Begin">When it began, in microseconds since 1970.</param>
/// <param name="End">When it ended.</param>
internal readonly record struct FaultWindow(long Begin, long End);

/// <summary>
/// Measures pauses from journals alone: the longest time between two successive moments of a kind that a window has seen. What lasts beyond the window is
/// the next one's.
/// </summary>
internal static class PauseMeter
{
    /// <summary>The longest pause of each publisher without an acknowledgement that a window has seen.</summary>
    /// <param name="acknowledgements">The moments of the acknowledgements of each.</param>
    /// <param name="window">The window.</param>
    public static IReadOnlyDictionary<string, TimeSpan> OfPublishers(ILookup<string, long> acknowledgements, FaultWindow window)
        => acknowledgements.ToDictionary(publisher => publisher.Key, publisher => Longest(publisher, window));

    /// <summary>The moments of an action by client, in order.</summary>
    /// <param name="entries">The journals.</param>
    /// <param name="action">The action.</param>
    public static ILookup<string, long> Moments(IEnumerable<JournalEntry> entries, JournalAction action)
        => entries.Where(entry => entry.Action == action).OrderBy(entry => entry.T).ToLookup(entry => entry.Client, entry => entry.T);

    /// <summary>The longest pause.</summary>
    /// <param name="moments">Rising.</param>
    /// <param name="window">The window.</param>
    public static TimeSpan Longest(IEnumerable<long> moments, FaultWindow window)
    {
        long longest = 0;
        long? last = null;
        foreach (long moment in moments)
        {
            if (moment > window.Begin && last is { } before && before < window.End)
            {
                longest = Math.Max(longest, Math.Min(moment, window.End) - before);
            }

            last = moment;
        }

        // Nothing came any more: the pause lasts until the window's end at least.
        if (last is null || last < window.End)
        {
            longest = Math.Max(longest, window.End - Math.Max(last ?? window.Begin, window.Begin));
        }

        return TimeSpan.FromMicroseconds(longest);
    }
}
