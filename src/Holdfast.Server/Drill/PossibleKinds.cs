using Holdfast.Server.Drill.Faults;
using Holdfast.Server.Drill.Lab;

namespace Holdfast.Server.Drill;

/// <summary>The kinds of faults that can be drawn here.</summary>
internal static class PossibleKinds
{
    /// <summary>Chooses what was asked for, or all that is possible.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="programs">What is installed.</param>
    /// <param name="useNamespaces">Whether each machine is a network namespace.</param>
    /// <exception cref="LabException">A kind was asked for that is not possible here.</exception>
    public static IReadOnlyList<FaultKind> Of(DrillOptions options, LabPrograms programs, bool useNamespaces)
    {
        foreach (FaultKind kind in options.Kinds)
        {
            if (Obstacle(kind, options, programs, useNamespaces) is { } obstacle)
            {
                throw new LabException($"{kind.Name()} {obstacle}");
            }
        }

        return options.Kinds.Count > 0 ? options.Kinds : All(options, programs, useNamespaces);
    }

    /// <summary>All that is possible.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="programs">What is installed.</param>
    /// <param name="useNamespaces">Whether each machine is a network namespace.</param>
    public static IReadOnlyList<FaultKind> All(DrillOptions options, LabPrograms programs, bool useNamespaces)
        => [.. FaultKinds.All.Where(kind => Obstacle(kind, options, programs, useNamespaces) is null)];

    private static string? Obstacle(FaultKind kind, DrillOptions options, LabPrograms programs, bool useNamespaces) => kind switch
    {
        _ when options.IsOneMachine && !kind.FitsOneMachine() => "needs a cluster; leave --one-machine out",
        _ when kind.NeedsNamespaces() && !useNamespaces => "needs network namespaces: run the drill as root, with ip and iptables installed, without --loopback",
        FaultKind.SlowNetwork when !useNamespaces || !programs.HasTun => "needs network namespaces and /dev/net/tun: run the drill as root",
        FaultKind.ClockStep when programs.FakeTime is null => "needs libfaketime: apt-get install libfaketime",
        _ => null,
    };
}
