namespace Holdfast.Status.Managing;

/// <summary>Why something that a person wanted was not done.</summary>
internal enum EditProblem
{
    /// <summary>What was sent makes no sense.</summary>
    Invalid,

    /// <summary>It is about something that is not there.</summary>
    Missing,

    /// <summary>It makes sense, but not now.</summary>
    Conflict,
}

/// <summary>Something that a person wanted was not done. The message says what is wrong and what to do.</summary>
internal sealed class EditException(EditProblem problem, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public EditProblem Problem { get; } = problem;
}
