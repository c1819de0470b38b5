using Holdfast.Status.Incidents;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Managing;

/// <summary>What a person is given to write a postmortem in: what is kept of it, else the template with all that was measured.</summary>
internal sealed class Postmortems(StatusDesk desk, CustodyClient custody, TimeProvider time)
{
    /// <summary>The text to go on with.</summary>
    public async Task<string> DraftAsync(Incident incident, CancellationToken cancellationToken)
    {
        if (incident.Postmortem.Length > 0)
        {
            return incident.Postmortem;
        }

        DateTimeOffset now = time.GetUtcNow();
        string figures = await custody.ReadAsync(incident.StartedAt, incident.ResolvedAt ?? now, cancellationToken).ConfigureAwait(false);
        return PostmortemTemplate.Make(incident, desk.Look().Changes, figures, now);
    }
}
