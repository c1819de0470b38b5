using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Holdfast.Tidy.Rules;

/// <summary>Calls that do harm where they are made.</summary>
public static class BannedCallRule
{
    private static readonly (string Member, string Advice)[] InTests =
    [
        ("Task.Delay", "await the event itself, or drive a FakeTimeProvider"),
        ("Thread.Sleep", "await the event itself, or drive a FakeTimeProvider"),
    ];

    private static readonly (string Member, string Advice)[] InSources =
    [
        ("DateTime.Now", "take a TimeProvider"),
        ("DateTime.UtcNow", "take a TimeProvider"),
        ("DateTime.Today", "take a TimeProvider"),
        ("DateTimeOffset.Now", "take a TimeProvider"),
        ("DateTimeOffset.UtcNow", "take a TimeProvider"),
    ];

    /// <summary>Checks a C# file.</summary>
    public static IEnumerable<Finding> Check(SourceFile file)
    {
        bool inTests = file.Path.StartsWith("tests/", StringComparison.Ordinal);
        bool inLibrary = file.SourceProject is not null and not "Holdfast.Server";
        foreach (SyntaxNode node in file.Syntax.DescendantNodes())
        {
            string? message = node switch
            {
                MemberAccessExpressionSyntax access when inTests => Judge(access, InTests),
                MemberAccessExpressionSyntax access when inLibrary => Judge(access, InSources) ?? JudgeConsole(access),
                IdentifierNameSyntax { Identifier.Text: "Regex" or "GeneratedRegex" } when file.SourceProject is not null and not "Holdfast.Status"
                    => "Regular expressions are banned here; input could be written so that one takes for ever.",
                ThrowStatementSyntax { Expression: { } thrown } => JudgeThrow(thrown),
                ThrowExpressionSyntax { Expression: { } thrown } => JudgeThrow(thrown),
                _ => null,
            };
            if (message is not null)
            {
                yield return new Finding(file.Path, SourceFile.LineOf(node), message);
            }
        }
    }

    private static string? Judge(MemberAccessExpressionSyntax access, (string Member, string Advice)[] banned)
    {
        string type = TypeName(access.Expression);
        foreach ((string member, string advice) in banned)
        {
            if (member == $"{type}.{access.Name.Identifier.Text}")
            {
                return $"{member} is banned here; {advice}.";
            }
        }

        return null;
    }

    private static string? JudgeConsole(MemberAccessExpressionSyntax access)
        => TypeName(access.Expression) == "Console" ? "Console is for the executable; a library logs or returns." : null;

    private static string? JudgeThrow(ExpressionSyntax thrown)
        => thrown is ObjectCreationExpressionSyntax creation && TypeName(creation.Type) == "Exception" ? "throw a type that says what happened, not Exception." : null;

    // The last name of "Thread", "System.Threading.Thread" and "global::System.Threading.Thread" alike.
    private static string TypeName(SyntaxNode node) => node switch
    {
        IdentifierNameSyntax name => name.Identifier.Text,
        MemberAccessExpressionSyntax access => access.Name.Identifier.Text,
        QualifiedNameSyntax qualified => qualified.Right.Identifier.Text,
        _ => "",
    };
}
