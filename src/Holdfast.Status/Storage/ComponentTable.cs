namespace Holdfast.Status.Storage;

/// <summary>What the operator says about a component.</summary>
/// <param name="Name">Its name, as watchers report it.</param>
/// <param name="Description">What it is, for the public; may be empty.</param>
/// <param name="Objective">The share of time that is promised for it; null for the page's own.</param>
/// <param name="Position">Where it stands on the page; the least is first, and those without are 0.</param>
internal sealed record ComponentSettings(string Name, string Description, double? Objective, int Position);

/// <summary>What the operator says about components.</summary>
internal sealed class ComponentTable(Database database)
{
    /// <summary>So many components may have settings.</summary>
    public const int Maximum = 500;

    /// <summary>All, by name.</summary>
    public List<ComponentSettings> All() => database.Query(
        "SELECT name, description, objective, position FROM components ORDER BY name",
        row => new ComponentSettings(row.GetString(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetDouble(2), row.GetInt32(3)));

    /// <summary>Adds settings, or replaces those of this name.</summary>
    public void Keep(ComponentSettings settings) => database.Execute(
        "INSERT INTO components VALUES ($1, $2, $3, $4) ON CONFLICT(name) DO UPDATE SET description = $2, objective = $3, position = $4",
        settings.Name, settings.Description, settings.Objective, settings.Position);

    /// <summary>Removes settings; what was measured stays.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Remove(string name) => database.Execute("DELETE FROM components WHERE name = $1", name) == 1;
}
