namespace Holdfast.Conformance.Statements;

/// <summary>Nothing of the standard is left out. These tests need no broker.</summary>
public sealed class StatementTests
{
    [Fact]
    public void Every_statement_has_a_test_or_an_argument()
    {
        var gaps = StatementList.All.Where(statement =>
            !Proofs.Tests.Contains((statement.Version, statement.Id)) && !Proofs.Arguments.Contains((statement.Version, statement.Id)));
        AssertNone(gaps, "has neither a test with [Clause] nor a row in Statements/arguments.tsv");
    }

    [Fact]
    public void No_statement_has_an_argument_beside_its_tests()
    {
        var both = StatementList.All.Where(statement =>
            Proofs.Tests.Contains((statement.Version, statement.Id)) && Proofs.Arguments.Contains((statement.Version, statement.Id)));
        AssertNone(both, "has a test; take its argument out of Statements/arguments.tsv");
    }

    [Fact]
    public void What_tests_and_arguments_cite_is_in_the_standard()
    {
        var known = StatementList.All.Select(statement => (statement.Version, statement.Id)).ToHashSet();
        var tests = Proofs.Tests.Where(proofs => !known.Contains(proofs.Key))
            .SelectMany(proofs => proofs.Select(test => $"{test} cites {proofs.Key.Id} of MQTT {StatementList.NameOf(proofs.Key.Version)}"));
        var arguments = Proofs.Arguments.Where(proofs => !known.Contains(proofs.Key))
            .Select(proofs => $"Statements/arguments.tsv has {proofs.Key.Id} of MQTT {StatementList.NameOf(proofs.Key.Version)}");
        AssertNone(tests.Concat(arguments), "which does not exist");
    }

    [Fact]
    public void What_arguments_cite_is_there()
        => AssertNone(
            Proofs.Arguments.SelectMany(arguments => arguments).Distinct().Where(argument => !Proofs.IsSound(argument)),
            "is no test of tests/Holdfast.Mqtt.Tests");

    [Fact]
    public void Every_id_is_listed_once()
        => AssertNone(
            StatementList.All.GroupBy(statement => statement.ToString()).Where(group => group.Count() > 1).Select(group => group.Key),
            "is listed twice");

    [Fact]
    public void Every_argument_stands_alone()
        => AssertNone(
            Proofs.Arguments.Where(arguments => arguments.Count() > 1).Select(arguments => $"{arguments.Key.Version} {arguments.Key.Id}"),
            "has two arguments in Statements/arguments.tsv");

    [Fact]
    public void The_document_says_what_the_tests_say()
    {
        var text = ConformanceDocument.Render();
        if (Environment.GetEnvironmentVariable(ConformanceDocument.WriteVariable) is { Length: > 0 })
        {
            File.WriteAllText(ConformanceDocument.Path, text);
        }

        Assert.True(
            File.Exists(ConformanceDocument.Path) && File.ReadAllText(ConformanceDocument.Path) == text,
            $"docs/conformance.md is out of date. Write it: {ConformanceDocument.WriteVariable}=1 "
            + "dotnet run --project tests/Holdfast.Conformance -c Release -- -class '*StatementTests'");
    }

    private static void AssertNone<T>(IEnumerable<T> wrong, string why)
    {
        var messages = wrong.Select(one => $"{one} {why}.").ToList();
        Assert.True(messages.Count == 0, string.Join('\n', messages));
    }
}
