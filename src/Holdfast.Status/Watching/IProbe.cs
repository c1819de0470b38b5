using Holdfast.Status.Reports;

namespace Holdfast.Status.Watching;

/// <summary>Looks at one component.</summary>
internal interface IProbe : IAsyncDisposable
{
    /// <summary>Travels the path once.</summary>
    /// <returns>The steps, in the order of the path; what was not reached is left out.</returns>
    Task<IReadOnlyList<ReportedObservation>> RunAsync(CancellationToken cancellationToken);
}
