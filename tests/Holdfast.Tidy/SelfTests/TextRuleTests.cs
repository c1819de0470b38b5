using Holdfast.Tidy.Rules;

namespace Holdfast.Tidy.SelfTests;

public sealed class TextRuleTests
{
    [Theory]
    [InlineData("// TO" + "DO: later")]
    [InlineData("# FIX" + "ME")]
    [InlineData("/* HA" + "CK */")]
    [InlineData("=> throw new NotImpl" + "ementedException();")]
    public void A_note_for_later_is_found(string line)
        => Assert.Single(TextRule.CheckUnfinished(new SourceFile("src/A.cs", $"a\n{line}\n")), finding => finding.Line == 2);

    [Theory]
    [InlineData("the to-do list")]
    [InlineData("HACKNEY")]
    [InlineData("shacks")]
    public void Ordinary_words_pass(string line) => Assert.Empty(TextRule.CheckUnfinished(new SourceFile("src/A.cs", line + "\n")));

    [Theory]
    [InlineData("src/A.cs", "\"/home/ann/x\"")]
    [InlineData("docs/a.md", "see /root/x")]
    [InlineData("test", "cd /work/x")]
    [InlineData("src/A.cs", "\"/tmp/x\"")]
    [InlineData("src/A.cs", "/Users/ann")]
    public void A_path_of_a_machine_is_found(string path, string line)
        => Assert.Single(TextRule.CheckMachinePaths(new SourceFile(path, line + "\n")));

    [Theory]
    [InlineData("docs/a.md", "mkdir /tmp/holdfast")]
    [InlineData("src/A.cs", "$HOME/work/x")]
    [InlineData("src/A.cs", "https://example.com/home/x")]
    [InlineData("src/A.cs", "a/network/work/b")]
    public void Other_paths_pass(string path, string line) => Assert.Empty(TextRule.CheckMachinePaths(new SourceFile(path, line + "\n")));

    [Theory]
    [InlineData("a \nb\n", 1)]
    [InlineData("a\nb\t\n", 2)]
    [InlineData("a\r\nb\n", 1)]
    [InlineData("a\nb", 2)]
    public void Untidy_line_ends_are_found(string text, int line)
        => Assert.Single(TextRule.CheckWhitespace(new SourceFile("src/A.cs", text)), finding => finding.Line == line);

    [Fact]
    public void Clean_lines_pass()
    {
        Assert.Empty(TextRule.CheckWhitespace(new SourceFile("src/A.cs", "a\n\nb\n")));
        Assert.Empty(TextRule.CheckWhitespace(new SourceFile("a.md", "a hard break  \nb\n")));
        Assert.Empty(TextRule.CheckWhitespace(new SourceFile("src/A.cs", "")));
    }
}
