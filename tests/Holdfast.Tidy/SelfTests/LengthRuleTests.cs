using Holdfast.Tidy.Rules;

namespace Holdfast.Tidy.SelfTests;

public sealed class LengthRuleTests
{
    [Fact]
    public void A_file_of_500_lines_passes_and_of_501_does_not()
    {
        Assert.Empty(LengthRule.CheckFile(new SourceFile("a.cs", string.Concat(Enumerable.Repeat("x\n", 500)))));
        Finding finding = Assert.Single(LengthRule.CheckFile(new SourceFile("a.cs", string.Concat(Enumerable.Repeat("x\n", 501)))));
        Assert.Equal(501, finding.Weight);
    }

    [Theory]
    [InlineData("class A { void Run()\n{", "}}")]
    [InlineData("class A { A()\n{", "}}")]
    [InlineData("class A { int P { get\n{", "}}}")]
    [InlineData("class A { void Run() { void Inner()\n{", "} } }")]
    public void A_method_of_70_lines_passes_and_of_71_does_not(string before, string after)
    {
        // The signature and the closing brace count: 68 lines in between make 70.
        Assert.DoesNotContain(LengthRule.CheckMethods(Method(before, after, 68)), finding => finding.Weight > 70);
        Assert.Contains(LengthRule.CheckMethods(Method(before, after, 69)), finding => finding.Weight == 71);
    }

    [Fact]
    public void A_comment_above_a_method_does_not_count()
    {
        string comment = string.Concat(Enumerable.Repeat("/// <summary/>\n", 100));
        Assert.Empty(LengthRule.CheckMethods(new SourceFile("a.cs", $"class A {{\n{comment}void Run() {{ }} }}\n")));
    }

    [Fact]
    public void A_program_of_top_level_statements_is_a_method()
        => Assert.Single(LengthRule.CheckMethods(new SourceFile("a.cs", string.Concat(Enumerable.Repeat("Run();\n", 71)))));

    private static SourceFile Method(string before, string after, int lines)
        => new("a.cs", $"{before}{string.Concat(Enumerable.Repeat("\nRun();", lines - 1))}\n{after}\n");
}
