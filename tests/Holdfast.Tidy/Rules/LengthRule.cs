using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Holdfast.Tidy.Rules;

/// <summary>Small files and small methods.</summary>
public static class LengthRule
{
    /// <summary>Lines of a file.</summary>
    public const int MaximumFileLines = 500;

    /// <summary>Lines of a method, from its signature to its closing brace.</summary>
    public const int MaximumMethodLines = 70;

    /// <summary>Checks a file's length.</summary>
    public static IEnumerable<Finding> CheckFile(SourceFile file)
    {
        int lines = file.Text.EndsWith('\n') ? file.Lines.Length - 1 : file.Lines.Length;
        if (lines > MaximumFileLines)
        {
            yield return new Finding(file.Path, 1, $"{lines} lines; split it, at most {MaximumFileLines}.") { Weight = lines };
        }
    }

    /// <summary>Checks the methods of a C# file.</summary>
    public static IEnumerable<Finding> CheckMethods(SourceFile file)
    {
        foreach (SyntaxNode method in file.Syntax.DescendantNodes().Where(IsMethod))
        {
            FileLinePositionSpan span = method.GetLocation().GetLineSpan();
            int lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
            if (lines > MaximumMethodLines)
            {
                yield return new Finding(file.Path, SourceFile.LineOf(method), $"a method of {lines} lines; split it, at most {MaximumMethodLines}.") { Weight = lines };
            }
        }

        GlobalStatementSyntax[] program = [.. file.Syntax.ChildNodes().OfType<GlobalStatementSyntax>()];
        if (program.Length > 0)
        {
            int lines = program[^1].GetLocation().GetLineSpan().EndLinePosition.Line - SourceFile.LineOf(program[0]) + 2;
            if (lines > MaximumMethodLines)
            {
                yield return new Finding(file.Path, SourceFile.LineOf(program[0]), $"a program of {lines} lines; split it, at most {MaximumMethodLines}.") { Weight = lines };
            }
        }
    }

    private static bool IsMethod(SyntaxNode node) => node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax;
}
