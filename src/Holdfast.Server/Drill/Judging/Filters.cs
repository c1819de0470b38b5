namespace Holdfast.Server.Drill.Judging;

/// <summary>Topic filters as MQTT defines them; written anew, so that the judge does not share the server's mistakes.</summary>
internal static class Filters
{
    public static bool Match(string filter, string topic) => Match(filter.Split('/'), topic.Split('/'));

    private static bool Match(ReadOnlySpan<string> filter, ReadOnlySpan<string> topic)
    {
        for (var level = 0; level < filter.Length; level++)
        {
            if (filter[level] == "#")
            {
                return true;
            }

            if (level >= topic.Length || (filter[level] != "+" && filter[level] != topic[level]))
            {
                return false;
            }
        }

        return filter.Length == topic.Length;
    }
}
