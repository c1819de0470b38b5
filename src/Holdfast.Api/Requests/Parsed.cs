using System.Diagnostics.CodeAnalysis;
using Holdfast.Api.Problems;

namespace Holdfast.Api.Requests;

/// <summary>What was read from a request, or why it could not be.</summary>
internal readonly struct Parsed<T>
{
    private readonly T? _value;
    private readonly Problem? _problem;

    private Parsed(T? value, Problem? problem)
    {
        _value = value;
        _problem = problem;
    }

    public static implicit operator Parsed<T>(T value) => new(value, null);

    public static implicit operator Parsed<T>(Problem problem) => new(default, problem);

    public bool IsValid([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Problem? problem)
    {
        value = _value;
        problem = _problem;
        return problem is null;
    }
}
