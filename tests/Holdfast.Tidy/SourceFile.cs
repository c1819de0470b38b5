using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Holdfast.Tidy;

/// <summary>A text file of the repository.</summary>
/// <param name="Path">Relative to the repository, with slashes.</param>
/// <param name="Text">Its content.</param>
public sealed record SourceFile(string Path, string Text)
{
    private readonly Lazy<SyntaxNode> _syntax = new(() => CSharpSyntaxTree.ParseText(Text, new CSharpParseOptions(LanguageVersion.Preview)).GetRoot());

    /// <summary>Whether it is C#.</summary>
    public bool IsCSharp => Path.EndsWith(".cs", StringComparison.Ordinal);

    /// <summary>Its lines without their ends.</summary>
    public string[] Lines { get; } = Text.Split('\n');

    /// <summary>The C# in it.</summary>
    public SyntaxNode Syntax => _syntax.Value;

    /// <summary>The project's folder below <c>src/</c>, or null.</summary>
    public string? SourceProject => Path.StartsWith("src/", StringComparison.Ordinal) ? Path.Split('/')[1] : null;

    /// <summary>The line of a node, from 1.</summary>
    /// <param name="node">A node of <see cref="Syntax"/>.</param>
    public static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
}
