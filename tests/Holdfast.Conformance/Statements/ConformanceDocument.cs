using System.Globalization;
using System.Text;
using Holdfast.Mqtt;
using Holdfast.Testing;

namespace Holdfast.Conformance.Statements;

/// <summary>docs/conformance.md: conformance-head.md, which people write, and a table for each version.</summary>
public static class ConformanceDocument
{
    /// <summary>Set it to have the document written instead of compared.</summary>
    public const string WriteVariable = "HOLDFAST_WRITE_CONFORMANCE";

    /// <summary>Where it lies.</summary>
    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "docs", "conformance.md");

    /// <summary>What it must say.</summary>
    public static string Render()
    {
        var text = new StringBuilder(StatementList.ReadText("conformance-head.md"));
        foreach (var version in new[] { ProtocolVersion.Mqtt5, ProtocolVersion.Mqtt311 })
        {
            var statements = StatementList.All.Where(statement => statement.Version == version).ToList();
            var tested = statements.Count(statement => Proofs.Tests.Contains((version, statement.Id)));
            text.Append(CultureInfo.InvariantCulture, $"\n## MQTT {StatementList.NameOf(version)}\n");
            text.Append(CultureInfo.InvariantCulture, $"{statements.Count} statements: {tested} with tests here, ");
            text.Append(CultureInfo.InvariantCulture, $"{statements.Count - tested} with an argument.\n\n");
            text.Append("| id | who | demands | proof |\n|---|---|---|---|\n");
            foreach (var statement in statements)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {statement.Id} | {statement.Who} | {statement.Text} | {ProofOf(statement)} |\n");
            }
        }

        return text.ToString();
    }

    private static string ProofOf(Statement statement)
    {
        var key = (statement.Version, statement.Id);
        var tests = Proofs.Tests[key].Select(test => $"`{test}`");
        var arguments = Proofs.Arguments[key].Select(Proofs.Tell);
        return string.Join("<br>", tests.Concat(arguments));
    }
}
