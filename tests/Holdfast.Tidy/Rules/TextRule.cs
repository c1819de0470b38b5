using System.Text.RegularExpressions;

namespace Holdfast.Tidy.Rules;

/// <summary>What no text of the repository may contain.</summary>
public static partial class TextRule
{
    // Put together from halves, so that this file does not violate its own rule.
    private static readonly Regex Unfinished = new(@"\b(TO" + "DO|FIX" + "ME|HA" + @"CK)\b");
    private static readonly Regex NotBuilt = new("NotImpl" + "ementedException");

    /// <summary>Nothing is left for later in the code.</summary>
    public static IEnumerable<Finding> CheckUnfinished(SourceFile file)
        => Match(file, Unfinished, "is a note to oneself; do it, or open an issue")
            .Concat(file.IsCSharp ? Match(file, NotBuilt, "leaves a hole; build it, or leave the member out") : []);

    /// <summary>Nothing depends on, or tells about, the machine it was written on. Documents may name a temporary folder in an example.</summary>
    public static IEnumerable<Finding> CheckMachinePaths(SourceFile file)
        => Match(file, file.Path.EndsWith(".md", StringComparison.Ordinal) ? HomePaths() : MachinePaths(), "is a path of one machine");

    /// <summary>No space at the end of a line, no carriage return, a line end at the end of the file.</summary>
    public static IEnumerable<Finding> CheckWhitespace(SourceFile file)
    {
        if (file.Text.Length > 0 && !file.Text.EndsWith('\n'))
        {
            yield return new Finding(file.Path, file.Lines.Length, "the last line has no end.");
        }

        bool document = file.Path.EndsWith(".md", StringComparison.Ordinal);
        for (int index = 0; index < file.Lines.Length; index++)
        {
            string line = file.Lines[index];
            if (line.EndsWith('\r') || (!document && line.Length > 0 && char.IsWhiteSpace(line[^1])))
            {
                yield return new Finding(file.Path, index + 1, "white space at the end of the line.");
            }
        }
    }

    private static IEnumerable<Finding> Match(SourceFile file, Regex pattern, string fault)
    {
        for (int index = 0; index < file.Lines.Length; index++)
        {
            Match match = pattern.Match(file.Lines[index]);
            if (match.Success)
            {
                yield return new Finding(file.Path, index + 1, $"'{match.Value}' {fault}.");
            }
        }
    }

    [GeneratedRegex(@"(?<![\w.}$)])/(home|Users|root|work)/\w*")]
    private static partial Regex HomePaths();

    [GeneratedRegex(@"(?<![\w.}$)])/(home|Users|root|work|tmp)/\w*")]
    private static partial Regex MachinePaths();
}
