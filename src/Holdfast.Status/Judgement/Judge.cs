namespace Holdfast.Status.Judgement;

/// <summary>
/// Judges what watchers report. Pure: no I/O, time only from its clock; used by one thread at a time. Who calls <see cref="Tick"/> every second sees
/// silence as soon as it is one.
/// </summary>
internal sealed class Judge
{
    /// <summary>So many components are judged; what is reported of further ones is left out, so that a token that was stolen cannot fill the page.</summary>
    public const int MaximumComponents = 500;

    private readonly JudgementOptions _options;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _startedAt;
    private readonly SortedDictionary<string, ComponentJudgement> _components = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Pulse> _watchers = new(StringComparer.Ordinal);
    private StateChange _monitoring;

    /// <summary>Makes a judge that knows nothing yet.</summary>
    public Judge(JudgementOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _startedAt = time.GetUtcNow();
        _monitoring = new StateChange(Board.MonitoringName, _startedAt, ComponentState.Unknown);
    }

    /// <summary>How many observations were left out because there are too many components.</summary>
    public long LeftOut { get; private set; }

    /// <summary>Continues where an earlier process ended.</summary>
    /// <param name="lastChanges">The last change of each component.</param>
    public void Restore(IEnumerable<StateChange> lastChanges)
    {
        foreach (StateChange change in lastChanges)
        {
            if (change.Component == Board.MonitoringName)
            {
                _monitoring = change;
            }
            else
            {
                Component(change.Component).Restore(change, _startedAt);
            }
        }
    }

    /// <summary>Says which watchers there are; others are forgotten.</summary>
    /// <param name="watchers">Each with what is known of its last round.</param>
    public void Expect(IEnumerable<(string Name, string Location, DateTimeOffset? LastAt, TimeSpan Interval)> watchers)
    {
        var expected = new HashSet<string>();
        foreach ((string name, string location, DateTimeOffset? lastAt, TimeSpan interval) in watchers)
        {
            expected.Add(name);
            _watchers.TryAdd(name, new Pulse(location, lastAt, interval));
        }

        foreach (string gone in _watchers.Keys.Where(name => !expected.Contains(name)).ToArray())
        {
            _watchers.Remove(gone);
            foreach (ComponentJudgement component in _components.Values)
            {
                component.Remove(gone);
            }
        }
    }

    /// <summary>Takes a round into account. One that is older than its watcher's newest, or than the limit of silence, is history and changes no state.</summary>
    /// <returns>What changed.</returns>
    public IReadOnlyList<StateChange> Take(Round round)
    {
        DateTimeOffset now = _time.GetUtcNow();
        _watchers.TryGetValue(round.Watcher, out Pulse? known);
        if (round.At <= known?.LastAt || round.At + _options.SilenceLimit(round.Interval) < now)
        {
            return [];
        }

        _watchers[round.Watcher] = new Pulse(round.Location, round.At, round.Interval);
        var changes = new List<StateChange>();
        foreach (IGrouping<string, Observation> component in round.Observations.GroupBy(observation => observation.Component))
        {
            if (_components.Count >= MaximumComponents && !_components.ContainsKey(component.Key))
            {
                LeftOut += component.Count();
                continue;
            }

            Add(changes, Component(component.Key).Take(round, [.. component], now));
        }

        changes.AddRange(Tick());
        return changes;
    }

    /// <summary>Judges anew as time goes by.</summary>
    /// <returns>What changed.</returns>
    public IReadOnlyList<StateChange> Tick()
    {
        DateTimeOffset now = _time.GetUtcNow();
        var changes = new List<StateChange>();
        TimeSpan limit = _watchers.Values.Select(Limit).DefaultIfEmpty(_options.MinimumSilence).Max();
        foreach ((string name, ComponentJudgement component) in _components.ToArray())
        {
            Add(changes, component.Tick(now, limit));
            if (component.State == ComponentState.Unknown && component.LastAt + _options.ForgetAfter < now)
            {
                _components.Remove(name);
            }
        }

        ComponentState monitoring = JudgeMonitoring(now);
        if (monitoring != _monitoring.State)
        {
            _monitoring = _monitoring with { At = monitoring.IsBad() ? LastHeard(now) : now, State = monitoring };
            changes.Add(_monitoring);
        }

        return changes;
    }

    /// <summary>All that is known now.</summary>
    public Board Look()
    {
        DateTimeOffset now = _time.GetUtcNow();
        WatcherView[] watchers = [.. _watchers.Select(watcher => new WatcherView(watcher.Key, watcher.Value.Location, watcher.Value.LastAt, IsSilent(watcher.Value, now)))];
        Fault[] silent = [.. watchers.Where(watcher => watcher.IsSilent).Select(watcher => new Fault(watcher.Name, watcher.Location, "report", Verdict.Failed, "silent"))];
        return new Board(
            now,
            _watchers.Values.Max(watcher => watcher.LastAt),
            [.. _components.Values.Select(component => component.View(now))],
            new ComponentView(Board.MonitoringName, _monitoring.State, _monitoring.At, [], silent),
            watchers);
    }

    private static void Add(List<StateChange> changes, StateChange? change)
    {
        if (change is not null)
        {
            changes.Add(change);
        }
    }

    private ComponentJudgement Component(string name)
    {
        if (!_components.TryGetValue(name, out ComponentJudgement? component))
        {
            _components.Add(name, component = new ComponentJudgement(name, _options));
        }

        return component;
    }

    private ComponentState JudgeMonitoring(DateTimeOffset now)
    {
        int silent = _watchers.Values.Count(watcher => IsSilent(watcher, now));
        return _watchers.Count == 0 ? ComponentState.Unknown
            : silent == _watchers.Count ? ComponentState.MajorOutage
            : silent > 0 ? ComponentState.PartialOutage
            : _watchers.Values.Any(watcher => watcher.LastAt is not null) ? ComponentState.Operational
            : ComponentState.Unknown;
    }

    // After a start, those that were heard before are given the time to report again.
    private bool IsSilent(Pulse watcher, DateTimeOffset now)
        => (watcher.LastAt is { } at && at > _startedAt ? at : _startedAt) + Limit(watcher) < now;

    private TimeSpan Limit(Pulse watcher) => _options.SilenceLimit(watcher.Interval);

    // When the one that is missed most recently was last heard.
    private DateTimeOffset LastHeard(DateTimeOffset now)
    {
        DateTimeOffset last = _watchers.Values.Where(watcher => IsSilent(watcher, now)).Max(watcher => watcher.LastAt) ?? _startedAt;
        return last > _monitoring.At ? last : _monitoring.At;
    }

    private sealed record Pulse(string Location, DateTimeOffset? LastAt, TimeSpan Interval);
}
