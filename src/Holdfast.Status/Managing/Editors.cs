using Holdfast.Status.Announcements;
using Holdfast.Status.Serving;

namespace Holdfast.Status.Managing;

/// <summary>What people can change, within one transaction.</summary>
/// <param name="Incidents">The incidents.</param>
/// <param name="Maintenances">The calendar.</param>
/// <param name="Tables">All that is stored.</param>
/// <param name="Published">News of this transaction, to be told.</param>
/// <param name="Now">Now.</param>
internal sealed record Editors(IncidentEditor Incidents, MaintenanceEditor Maintenances, StatusTables Tables, ICollection<Announcement> Published, DateTimeOffset Now);
