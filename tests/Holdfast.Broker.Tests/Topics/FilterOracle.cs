namespace Holdfast.Broker.Tests.Topics;

/// <summary>The rules of 4.7 written as plainly as possible, to judge the quick implementations by.</summary>
internal static class FilterOracle
{
    public static bool IsValid(string filter)
    {
        var levels = filter.Split('/');
        return filter.Length > 0
            && levels.Length <= 128
            && !filter.Contains('\0', StringComparison.Ordinal)
            && levels.All(level => level is "+" or "#" || !(level.Contains('+', StringComparison.Ordinal) || level.Contains('#', StringComparison.Ordinal)))
            && !levels.SkipLast(1).Contains("#");
    }

    public static bool Matches(string filter, string topic)
    {
        if (topic.StartsWith('$') && (filter.StartsWith('+') || filter.StartsWith('#')))
        {
            return false;
        }

        var filterLevels = filter.Split('/');
        var topicLevels = topic.Split('/');
        if (filterLevels[^1] == "#")
        {
            filterLevels = filterLevels[..^1];
            if (topicLevels.Length < filterLevels.Length)
            {
                return false;
            }

            topicLevels = topicLevels[..filterLevels.Length];
        }

        return filterLevels.Length == topicLevels.Length
            && filterLevels.Zip(topicLevels).All(pair => pair.First == "+" || pair.First == pair.Second);
    }
}
