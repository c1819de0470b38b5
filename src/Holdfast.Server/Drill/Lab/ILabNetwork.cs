using System.Net;

namespace Holdfast.Server.Drill.Lab;

/// <summary>How the machines of the laboratory reach each other.</summary>
internal interface ILabNetwork
{
    /// <summary>The address at which the machines reach this process.</summary>
    IPAddress HostAddress { get; }

    /// <summary>Whether machines can be cut off from each other.</summary>
    bool CanCut { get; }

    /// <summary>Whether packets between zones can be delayed.</summary>
    bool CanDelay { get; }

    /// <summary>The words before a command that make it run on a machine.</summary>
    /// <param name="machine">The machine.</param>
    IReadOnlyList<string> Enter(LabMachine machine);

    /// <summary>Drops every packet between two machines, in both directions. Whoever is connected is told nothing.</summary>
    /// <param name="one">One.</param>
    /// <param name="other">The other.</param>
    Task CutAsync(LabMachine one, LabMachine other);

    /// <summary>Delays every packet between machines of different zones.</summary>
    /// <param name="oneWay">How long, in each direction.</param>
    Task DelayAsync(TimeSpan oneWay);

    /// <summary>Ends every cut and every delay.</summary>
    Task HealAsync();
}
