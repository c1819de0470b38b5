namespace Holdfast.Server.Drill.Faults;

/// <summary>A fault whose targets are chosen.</summary>
internal interface IFault
{
    /// <summary>What is done to whom, in words.</summary>
    string Description { get; }

    /// <summary>Does it.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task InjectAsync(CancellationToken cancellationToken);

    /// <summary>Undoes it.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task UndoAsync(CancellationToken cancellationToken);
}
