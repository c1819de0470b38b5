using System.Text;

namespace Holdfast.Log.Postgres.State;

/// <summary>The topic filters that match a topic, as a regular expression of the database.</summary>
internal static class MatchingFilters
{
    /// <summary>A regular expression that fits a topic filter, shared or not, exactly when the filter matches the topic.</summary>
    /// <param name="topic">A topic name that does not begin with $.</param>
    public static string PatternOf(string topic)
    {
        var levels = topic.Split('/');
        var pattern = new StringBuilder(@"^(\$share/[^/]+/)?");
        foreach (var (index, level) in levels.Index())
        {
            // Each level may be the last one, as #; behind the last there may be one more, which matches the parent [MQTT-4.7.1-2].
            pattern.Append(index == 0 ? "(#|" : "/(#|").Append(@"(\+|").Append(Escape(level)).Append(')');
        }

        pattern.Append("(/#)?").Append(')', levels.Length).Append('$');
        return pattern.ToString();
    }

    private static string Escape(string level)
    {
        var escaped = new StringBuilder();
        foreach (var character in level)
        {
            if (char.IsAscii(character) && !char.IsAsciiLetterOrDigit(character))
            {
                escaped.Append('\\');
            }

            escaped.Append(character);
        }

        return escaped.ToString();
    }
}
