using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;

namespace Holdfast.Status.Serving;

/// <summary>All that the page shows, as of a moment.</summary>
/// <param name="Board">What is known.</param>
/// <param name="Incidents">All incidents, the newest first.</param>
/// <param name="Changes">The changes of each component, the oldest first.</param>
/// <param name="Skews">How much the clock of each watcher is ahead of the page's.</param>
internal sealed record StatusView(
    Board Board,
    IReadOnlyList<Incident> Incidents,
    IReadOnlyDictionary<string, IReadOnlyList<StateChange>> Changes,
    IReadOnlyDictionary<string, TimeSpan> Skews);
