namespace Holdfast.Tidy.SelfTests;

public sealed class ExceptionsTests
{
    private static readonly Dictionary<(string Rule, string Path), int> Tolerated = Exceptions.Parse("# comment\nrule src/A.cs 2   # because\n\nother src/B.cs 1\n");

    [Fact]
    public void The_tolerated_passes() => Assert.Empty(Exceptions.Apply("rule", Findings("src/A.cs", 2), Tolerated));

    [Fact]
    public void One_more_than_tolerated_shows_all() => Assert.Equal(3, Exceptions.Apply("rule", Findings("src/A.cs", 3), Tolerated).Count);

    [Fact]
    public void Another_file_or_another_rule_is_not_tolerated()
    {
        Assert.Equal("src/C.cs:1: x", Assert.Single(Exceptions.Apply("third", Findings("src/C.cs", 1), Tolerated)));
        Assert.Single(Exceptions.Apply("third", Findings("src/A.cs", 1), Tolerated));
    }

    [Theory]
    [InlineData(1, "from 2 to 1")]
    [InlineData(0, "from 2 to 0")]
    public void An_entry_that_is_no_longer_needed_must_shrink(int count, string advice)
        => Assert.Contains(advice, Assert.Single(Exceptions.Apply("rule", Findings("src/A.cs", count), Tolerated)), StringComparison.Ordinal);

    private static IEnumerable<Finding> Findings(string path, int count) => Enumerable.Repeat(new Finding(path, 1, "x"), count);
}
