namespace Holdfast.Tidy;

/// <summary>
/// The list of violations that are still tolerated. It may only shrink: an entry whose file got better must be lowered or removed, so the list
/// cannot hide a new violation behind an old one.
/// </summary>
public static class Exceptions
{
    /// <summary>Reads the list: lines of <c>rule path weight</c>; what follows # is a comment.</summary>
    /// <param name="text">The text.</param>
    public static Dictionary<(string Rule, string Path), int> Parse(string text)
        => text.Split('\n')
            .Select(line => line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length == 3)
            .ToDictionary(words => (words[0], words[1]), words => int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>What is left to complain about once the tolerated is taken away.</summary>
    /// <param name="rule">The rule's name in the list.</param>
    /// <param name="findings">All its findings.</param>
    /// <param name="tolerated">The list.</param>
    public static IReadOnlyList<string> Apply(string rule, IEnumerable<Finding> findings, Dictionary<(string Rule, string Path), int> tolerated)
    {
        var complaints = new List<string>();
        ILookup<string, Finding> byPath = findings.ToLookup(finding => finding.Path);
        foreach (IGrouping<string, Finding> file in byPath)
        {
            int weight = file.Sum(finding => finding.Weight);
            if (!tolerated.TryGetValue((rule, file.Key), out int limit) || weight > limit)
            {
                complaints.AddRange(file.Select(finding => finding.ToString()));
            }
        }

        foreach (((string entryRule, string path), int limit) in tolerated)
        {
            int weight = byPath[path].Sum(finding => finding.Weight);
            if (entryRule == rule && weight < limit)
            {
                complaints.Add($"{path} got better: lower its entry '{rule}' in exceptions.txt from {limit} to {weight}, or remove it.");
            }
        }

        return complaints;
    }
}
