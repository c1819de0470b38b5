namespace Holdfast.Integrations.Bridges;

/// <summary>Whether two topic filters can match the same topic name.</summary>
internal static class FilterOverlap
{
    public static bool Exists(string one, string other)
    {
        var (left, right) = (one.Split('/'), other.Split('/'));
        for (var level = 0; ; level++)
        {
            var (leftEnds, rightEnds) = (level == left.Length, level == right.Length);
            if (leftEnds || rightEnds)
            {
                // "a/#" matches "a" too [MQTT-4.7.1-2].
                return (leftEnds && rightEnds) || (leftEnds ? right[level] == "#" : left[level] == "#");
            }

            if (left[level] == "#" || right[level] == "#")
            {
                return true;
            }

            if (left[level] != right[level] && left[level] != "+" && right[level] != "+")
            {
                return false;
            }
        }
    }
}
