namespace Holdfast.Tidy;

/// <summary>A violation of a rule.</summary>
/// <param name="Path">The file, relative to the repository.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Message">What is wrong and what to do.</param>
public sealed record Finding(string Path, int Line, string Message)
{
    /// <summary>How much of the rule's limit is used, for the list of exceptions: 1 for a single violation, lines for a length.</summary>
    public int Weight { get; init; } = 1;

    /// <inheritdoc/>
    public override string ToString() => $"{Path}:{Line}: {Message}";
}
