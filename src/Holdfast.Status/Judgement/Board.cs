namespace Holdfast.Status.Judgement;

/// <summary>What is known at a moment.</summary>
/// <param name="At">The moment.</param>
/// <param name="NewestAt">When the newest round began, or null when there was none.</param>
/// <param name="Components">All components, by name; monitoring itself is not among them.</param>
/// <param name="Monitoring">The watchers as a component: they can fail too.</param>
/// <param name="Watchers">All known watchers, by name.</param>
internal sealed record Board(
    DateTimeOffset At,
    DateTimeOffset? NewestAt,
    IReadOnlyList<ComponentView> Components,
    ComponentView Monitoring,
    IReadOnlyList<WatcherView> Watchers)
{
    /// <summary>The name of <see cref="Monitoring"/>; no watcher may report a component of this name.</summary>
    public const string MonitoringName = "Monitoring";

    /// <summary>The worst that is known; unknown when a component is, and nothing is known to be wrong.</summary>
    public ComponentState Overall
    {
        get
        {
            ComponentState worst = Components.Select(component => component.State).DefaultIfEmpty(ComponentState.Unknown).Max();
            return worst.IsBad() || Components.All(component => component.State != ComponentState.Unknown) ? worst : ComponentState.Unknown;
        }
    }
}

/// <summary>A component at a moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Its state.</param>
/// <param name="Since">Since when.</param>
/// <param name="Locations">What is seen from each location.</param>
/// <param name="Faults">What is wrong, as seen by the watchers whose vote is not good.</param>
internal sealed record ComponentView(string Name, ComponentState State, DateTimeOffset Since, IReadOnlyList<LocationView> Locations, IReadOnlyList<Fault> Faults);

/// <summary>A component as seen from a location.</summary>
/// <param name="Name">The location.</param>
/// <param name="State">The state by its watchers alone.</param>
/// <param name="Watchers">How many watchers can be heard there.</param>
internal sealed record LocationView(string Name, ComponentState State, int Watchers);

/// <summary>A step that a watcher found not to be well.</summary>
internal sealed record Fault(string Watcher, string Location, string Step, Verdict Verdict, string Detail);

/// <summary>A watcher at a moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Location">Where it is.</param>
/// <param name="LastAt">When its newest round began, or null when it has never reported.</param>
/// <param name="IsSilent">Whether it should have reported since.</param>
internal sealed record WatcherView(string Name, string Location, DateTimeOffset? LastAt, bool IsSilent);
