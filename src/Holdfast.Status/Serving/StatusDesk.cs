using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Reports;
using Holdfast.Status.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Holdfast.Status.Serving;

/// <summary>
/// Where everything meets: reports come in, are stored, judged and turned into incidents in one transaction, and the page is drawn from what is known. One lock;
/// a report and a look take well under a millisecond besides the flush.
/// </summary>
internal sealed class StatusDesk : IDisposable
{
    /// <summary>A page that was away for less continues as if it had not been; what it missed for longer is shown as not known.</summary>
    private static readonly TimeSpan UnnoticedAbsence = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan AliveInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TrimInterval = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Database _database;
    private readonly WatcherTable _watcherTable;
    private readonly HistoryTables _history;
    private readonly RollupTable _rollups;
    private readonly Judge _judge;
    private readonly IncidentBook _book;
    private readonly Dictionary<string, List<StateChange>> _changes = [];
    private List<StoredWatcher> _watchers = [];
    private long _dataVersion = -1;
    private DateTimeOffset _aliveAt;
    private DateTimeOffset _trimmedAt;

    /// <summary>Opens the data of a page and continues where it ended.</summary>
    /// <exception cref="StatusDataException">The data cannot be used.</exception>
    public StatusDesk(string directory, TimeProvider time, ILogger log)
    {
        _time = time;
        _log = log;
        _database = Database.Open(directory);
        _watcherTable = new WatcherTable(_database);
        _history = new HistoryTables(_database);
        _rollups = new RollupTable(_database);
        _judge = new Judge(new JudgementOptions(), time);
        _book = new IncidentBook(time);
        Continue();
    }

    /// <summary>Whose token a text is, or null.</summary>
    public StoredWatcher? Authenticate(string token)
    {
        lock (_lock)
        {
            return Tokens.Find(token, _watchers);
        }
    }

    /// <summary>Takes a report that was checked.</summary>
    /// <returns>What became of its rounds; they are on disk.</returns>
    public ReportAnswer Take(StoredWatcher from, Report report)
    {
        lock (_lock)
        {
            int taken = 0;
            Transact(() =>
            {
                if (_watchers.Find(watcher => watcher.Name == from.Name) is not { } watcher)
                {
                    return;
                }

                DateTimeOffset now = _time.GetUtcNow();
                TimeSpan skew = Times.From(report.SentAt) - now;
                TimeSpan interval = TimeSpan.FromMilliseconds(report.Interval);
                foreach (ReportedRound reported in report.Rounds.Where(round => watcher.Stream != report.Stream || round.Sequence > watcher.Sequence))
                {
                    DateTimeOffset at = Times.From(reported.At) - skew;
                    Round round = new(watcher.Name, watcher.Location, at, interval, [.. reported.Observations.Select(Read)]);
                    watcher = watcher with { LastAt = Later(watcher.LastAt, at), Interval = interval, Stream = report.Stream, Sequence = reported.Sequence, Skew = skew };
                    _rollups.Add(round);
                    Note(_judge.Take(round));
                    taken++;
                }

                _watcherTable.Note(watcher);
                _watchers[_watchers.FindIndex(known => known.Name == watcher.Name)] = watcher;
            });
            return new ReportAnswer(taken, report.Rounds.Count - taken);
        }
    }

    /// <summary>Judges anew as time goes by; called every second.</summary>
    public void Tick()
    {
        lock (_lock)
        {
            try
            {
                Transact(KeepHouse);
            }
            catch (SqliteException exception)
            {
                // What cannot be stored is judged and shown all the same: a full disk must not stop the page's clock.
                _log.LogError("the state could not be stored: {Reason}", exception.Message);
                Remember(_judge.Tick());
            }
        }
    }

    /// <summary>All that the page shows, as of now.</summary>
    public StatusView Look()
    {
        lock (_lock)
        {
            return new StatusView(
                _judge.Look(),
                _book.All,
                _changes.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<StateChange>)[.. pair.Value]),
                _watchers.ToDictionary(watcher => watcher.Name, watcher => watcher.Skew));
        }
    }

    /// <summary>Reads the measurements of all steps of a component.</summary>
    /// <param name="component">The component.</param>
    /// <param name="resolution">The length of a stretch.</param>
    /// <param name="span">How far back.</param>
    public IReadOnlyList<(Series Series, IReadOnlyList<Rollup> Points)> Measurements(string component, TimeSpan resolution, TimeSpan span)
    {
        lock (_lock)
        {
            DateTimeOffset from = _time.GetUtcNow() - span;
            return [.. _rollups.All.Where(series => series.Component == component).Select(series => (series, (IReadOnlyList<Rollup>)_rollups.Read(series, resolution, from)))];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private static Observation Read(ReportedObservation observation) => new(
        observation.Component,
        observation.Step,
        ReportCheck.Verdict(observation.Verdict)!.Value,
        TimeSpan.FromMilliseconds(observation.Milliseconds),
        observation.Detail ?? "");

    private static DateTimeOffset Later(DateTimeOffset? one, DateTimeOffset other) => one is { } at && at > other ? at : other;

    private void Continue()
    {
        DateTimeOffset now = _time.GetUtcNow();
        _database.Transact(() =>
        {
            foreach (IGrouping<string, StateChange> component in _history.Changes().GroupBy(change => change.Component))
            {
                _changes[component.Key] = [.. component];
            }

            if (_history.AliveUntil() is { } alive && now - alive > UnnoticedAbsence)
            {
                Note([.. _changes.Values.Select(changes => changes[^1]).Where(last => last.State != ComponentState.Unknown)
                    .Select(last => last with { At = alive > last.At ? alive : last.At, State = ComponentState.Unknown })]);
            }

            _judge.Restore(_changes.Values.Select(changes => changes[^1]));
        });
        Tick();
    }

    // What commands beside this process have changed is taken in first, under the same lock of the database: so nothing of it is overwritten.
    private void Transact(Action change)
    {
        bool isDone = false;
        try
        {
            _database.Transact(() =>
            {
                Reload();
                change();
                Note(_judge.Tick());
                foreach (Incident incident in _book.Follow(_judge.Look()))
                {
                    _history.Keep(incident);
                    _log.LogInformation("incident {Id} is {Status}: {Title}", incident.Id, incident.Status, incident.Title);
                }
            });
            isDone = true;
        }
        finally
        {
            if (!isDone)
            {
                _dataVersion = -1;
            }
        }
    }

    private void KeepHouse()
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (now - _aliveAt >= AliveInterval)
        {
            _history.NoteAlive(_aliveAt = now);
        }

        if (now - _trimmedAt >= TrimInterval)
        {
            _rollups.Trim(now);
            _history.Trim(now);
            _trimmedAt = now;
        }
    }

    private void Reload()
    {
        long version = _database.Query("PRAGMA data_version", row => row.GetInt64(0)).Single();
        if (version == _dataVersion)
        {
            return;
        }

        _dataVersion = version;
        _watchers = _watcherTable.All();
        _judge.Expect(_watchers.Select(watcher => (watcher.Name, watcher.Location, watcher.LastAt, watcher.Interval)));
        _book.Restore(_history.Incidents());
    }

    private void Note(IReadOnlyList<StateChange> changes)
    {
        foreach (StateChange change in changes)
        {
            _history.Add(change);
        }

        Remember(changes);
    }

    private void Remember(IReadOnlyList<StateChange> changes)
    {
        foreach (StateChange change in changes)
        {
            if (!_changes.TryGetValue(change.Component, out List<StateChange>? known))
            {
                _changes.Add(change.Component, known = []);
            }

            known.Add(change);
        }
    }
}
