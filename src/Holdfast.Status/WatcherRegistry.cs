using Holdfast.Status.Reports;
using Holdfast.Status.Storage;

namespace Holdfast.Status;

/// <summary>A watcher that may report.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Location">Where it is.</param>
/// <param name="LastAt">When its newest round began, or null when it has never reported.</param>
public sealed record RegisteredWatcher(string Name, string Location, DateTimeOffset? LastAt);

/// <summary>The watchers that may report to a page. It may be used while the page runs, which notices within a second.</summary>
public sealed class WatcherRegistry : IDisposable
{
    private readonly Database _database;
    private readonly WatcherTable _watchers;

    /// <summary>Opens the registry of a page.</summary>
    /// <param name="directory">The page's data directory.</param>
    /// <exception cref="StatusDataException">The data cannot be used.</exception>
    public WatcherRegistry(string directory)
    {
        _database = Database.Open(directory);
        _watchers = new WatcherTable(_database);
    }

    /// <summary>All watchers, by name.</summary>
    public IReadOnlyList<RegisteredWatcher> All() => [.. _watchers.All().Select(watcher => new RegisteredWatcher(watcher.Name, watcher.Location, watcher.LastAt))];

    /// <summary>Adds a watcher.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="location">Where it is.</param>
    /// <returns>Its token, which is kept nowhere.</returns>
    /// <exception cref="StatusDataException">There is one of this name, there are too many, or a name cannot be used.</exception>
    public string Add(string name, string location)
        => ReportCheck.IsName(name) && ReportCheck.IsName(location)
            ? _watchers.Add(name, location)
            : throw new StatusDataException($"A name and a location have 1 to {ReportCheck.MaximumName} printable characters.");

    /// <summary>Removes a watcher: its token is worth nothing from now on.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string name) => _watchers.Remove(name);

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();
}
