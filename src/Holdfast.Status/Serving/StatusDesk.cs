using Holdfast.Status.Announcements;
using Holdfast.Status.Incidents;
using Holdfast.Status.Judgement;
using Holdfast.Status.Maintenances;
using Holdfast.Status.Managing;
using Holdfast.Status.Notifying;
using Holdfast.Status.Page;
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
    private readonly StatusTables _tables;
    private readonly Judge _judge;
    private readonly MaintenanceCalendar _calendar;
    private readonly News _news;
    private readonly Alarm _alarm;
    private readonly IncidentBook _book;
    private readonly Dictionary<string, List<StateChange>> _changes = [];
    private List<StoredWatcher> _watchers = [];
    private List<Announcement> _announcements = [];
    private Dictionary<string, ComponentSettings> _settings = [];
    private readonly List<Announcement> _published = [];
    private long _dataVersion = -1;
    private bool _isEdited;
    private long _edits;
    private DateTimeOffset _aliveAt;
    private DateTimeOffset _trimmedAt;
    private long _storedAt;

    /// <summary>Opens the data of a page and continues where it ended.</summary>
    /// <exception cref="StatusDataException">The data cannot be used.</exception>
    public StatusDesk(string directory, PageOptions options, NotificationOptions notifications, TimeProvider time, ILogger log)
    {
        _time = time;
        _log = log;
        _database = Database.Open(directory);
        _tables = new StatusTables(_database);
        _judge = new Judge(new JudgementOptions(), time);
        _calendar = new MaintenanceCalendar(time);
        _book = new IncidentBook(time, _calendar);
        _news = new News(options);
        _alarm = new Alarm(notifications, _news, _tables.Alerts, _tables.Deliveries, time);
        Continue();
    }

    /// <summary>How many things people have done since the start.</summary>
    public long Edits => Interlocked.Read(ref _edits);

    /// <summary>When a judgement was last stored.</summary>
    public DateTimeOffset StoredAt => Times.From(Interlocked.Read(ref _storedAt));

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
            long leftOut = _judge.LeftOut;
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
                    _tables.Rollups.Add(round);
                    Note(_judge.Take(round));
                    taken++;
                }

                _tables.Watchers.Note(watcher);
                _watchers[_watchers.FindIndex(known => known.Name == watcher.Name)] = watcher;
            });
            if (_judge.LeftOut > leftOut)
            {
                _log.LogError("{Count} observations of {Watcher} were left out: there are {Maximum} components, the most that are judged", _judge.LeftOut - leftOut, from.Name, Judge.MaximumComponents);
            }

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

    /// <summary>Does what a person wants, wholly or not at all, and notes who did it.</summary>
    /// <param name="who">Who.</param>
    /// <param name="action">What, in the words of the audit log.</param>
    /// <param name="edit">Does it, and says to what it was done.</param>
    /// <exception cref="EditException">It was not done.</exception>
    public T Edit<T>(string who, string action, Func<Editors, (T Result, string Subject)> edit)
    {
        lock (_lock)
        {
            T result = default!;
            Transact(() =>
            {
                string[] known = [.. _judge.Look().Components.Select(component => component.Name).Union(_settings.Keys), Board.MonitoringName];
                (result, string subject) = edit(new Editors(
                    new IncidentEditor(_book, _judge.Look(), known, _time), new MaintenanceEditor(_calendar, known, _time), _tables, _published, _time.GetUtcNow()));
                _tables.Audit.Add(new AuditEntry(_time.GetUtcNow(), who, action, subject));
                _isEdited = true;
            });
            Interlocked.Increment(ref _edits);
            return result;
        }
    }

    /// <summary>Reads or writes what is stored, wholly or not at all.</summary>
    public T Use<T>(Func<StatusTables, T> action)
    {
        lock (_lock)
        {
            T result = default!;
            _database.Transact(() => result = action(_tables));
            return result;
        }
    }

    /// <summary>All that the page shows, as of now.</summary>
    public StatusView Look()
    {
        lock (_lock)
        {
            Board board = _judge.Look();
            return new StatusView(
                board with { Components = Arrange(board) },
                [.. _book.All.Where(incident => incident.MergedInto is null)],
                _changes.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<StateChange>)[.. pair.Value]),
                _watchers.ToDictionary(watcher => watcher.Name, watcher => watcher.Skew))
            {
                Maintenances = _calendar.All,
                Announcements = _announcements,
                Settings = _settings,
            };
        }
    }

    /// <summary>The incidents that are kept, merged ones too, the newest first.</summary>
    public IReadOnlyList<Incident> Incidents()
    {
        lock (_lock)
        {
            return _book.All;
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
            return [.. _tables.Rollups.All.Where(series => series.Component == component).Select(series => (series, (IReadOnlyList<Rollup>)_tables.Rollups.Read(series, resolution, from)))];
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
            foreach (IGrouping<string, StateChange> component in _tables.History.Changes().GroupBy(change => change.Component))
            {
                _changes[component.Key] = [.. component];
            }

            if (_tables.History.AliveUntil() is { } alive && now - alive > UnnoticedAbsence)
            {
                Note([.. _changes.Values.Select(changes => changes[^1]).Where(last => last.State != ComponentState.Unknown)
                    .Select(last => last with { At = alive > last.At ? alive : last.At, State = ComponentState.Unknown })]);
            }

            _judge.Restore(_changes.Values.Select(changes => changes[^1]));
        });
        Tick();
    }

    // In the operator's order; what nobody has measured yet is there, as not known.
    private ComponentView[] Arrange(Board board)
    {
        IEnumerable<ComponentView> awaited = _settings.Keys
            .Where(name => name != Board.MonitoringName && board.Components.All(component => component.Name != name))
            .Select(name => new ComponentView(name, ComponentState.Unknown, board.At, [], []));
        return [.. board.Components.Concat(awaited).OrderBy(component => _settings.GetValueOrDefault(component.Name)?.Position ?? 0).ThenBy(component => component.Name, StringComparer.Ordinal)];
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
                _calendar.Advance();
                _book.Follow(_judge.Look());
                Store();
            });
            isDone = true;
            Interlocked.Exchange(ref _storedAt, _time.GetUtcNow().ToUnixTimeMilliseconds());
        }
        catch (EditException)
        {
            _book.Incidents.Revert();
            _calendar.Maintenances.Revert();
            throw;
        }
        finally
        {
            if (!isDone)
            {
                _isEdited = false;
                _published.Clear();
                _dataVersion = -1;
            }
        }
    }

    private void Store()
    {
        DateTimeOffset now = _time.GetUtcNow();
        foreach (Change<Maintenance> change in _calendar.Maintenances.TakeChanges())
        {
            _tables.Plans.Keep(change.After);
            Post(_news.Of(change), now);
            _log.LogInformation("maintenance {Id} is {Status}: {Title}", change.After.Id, change.After.Status, change.After.Title);
        }

        foreach (Change<Incident> change in _book.Incidents.TakeChanges())
        {
            _tables.History.Keep(change.After);
            Post(_news.Of(change), now);
            _log.LogInformation("incident {Id} is {Status}: {Title}", change.After.Id, change.After.Status, change.After.Title);
        }

        foreach (Announcement announcement in _published)
        {
            Post(_news.Of(announcement), now);
        }

        _published.Clear();
        _alarm.Advance(_book.All.Where(incident => incident.IsOpen), _book.Incidents.Find);
        if (_isEdited)
        {
            _isEdited = false;
            LoadPlans();
        }
    }

    private void Post(Notice? notice, DateTimeOffset now)
    {
        if (notice is not null)
        {
            _tables.Post(notice, now);
        }
    }

    private void KeepHouse()
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (now - _aliveAt >= AliveInterval)
        {
            _tables.History.NoteAlive(_aliveAt = now);
        }

        if (now - _trimmedAt >= TrimInterval)
        {
            _tables.Trim(now);
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
        _watchers = _tables.Watchers.All();
        _judge.Expect(_watchers.Select(watcher => (watcher.Name, watcher.Location, watcher.LastAt, watcher.Interval)));
        _book.Incidents.Restore(_tables.History.Incidents());
        _calendar.Maintenances.Restore(_tables.Plans.Maintenances());
        LoadPlans();
    }

    private void LoadPlans()
    {
        _announcements = _tables.Plans.Announcements();
        _settings = _tables.Components.All().ToDictionary(settings => settings.Name);
    }

    private void Note(IReadOnlyList<StateChange> changes)
    {
        foreach (StateChange change in changes)
        {
            _tables.History.Add(change);
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
