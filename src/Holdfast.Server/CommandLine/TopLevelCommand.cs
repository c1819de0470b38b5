using System.CommandLine;
using Holdfast.Server.Bench;
using Holdfast.Server.Clients;
using Holdfast.Server.Custody;
using Holdfast.Server.Demo;
using Holdfast.Server.Devices;
using Holdfast.Server.Drill;
using Holdfast.Server.Management;
using Holdfast.Server.Migration;
using Holdfast.Server.Restoring;
using Holdfast.Server.StatusPage;

namespace Holdfast.Server.CommandLine;

/// <summary>A command of the first level: its name, and how it is made. A server does not pay for the commands that it does not run.</summary>
/// <param name="Name">What is typed.</param>
/// <param name="Build">Makes it, with all that is below it.</param>
internal sealed record TopLevelCommand(string Name, Func<Command> Build)
{
    /// <summary>All, in the order of the help.</summary>
    /// <param name="terminal">The streams that the commands will use.</param>
    public static TopLevelCommand[] All(Terminal terminal) =>
        [
            new("serve", () => new ServeArguments().Build()),
            new("pub", () => new PubArguments().Build(terminal)),
            new("sub", () => new SubArguments().Build(terminal)),
            new("call", () => new CallArguments(terminal).Build()),
            new("config", () => new ConfigArguments(terminal).Build()),
            new("product", () => new ProductArguments(terminal).Build()),
            new("device", () => new RegisteredDeviceArguments(terminal).Build()),
            new("token", () => new TokenArguments(terminal).Build()),
            new("integration", () => new IntegrationArguments(terminal).Build()),
            new("trace", () => new TraceArguments(terminal).Build()),
            new("custody", () => new CustodyArguments(terminal).Build()),
            new("doctor", () => new DoctorArguments(terminal).Build()),
            new("node", () => new NodeArguments(terminal).Build()),
            new("migrate", () => new MigrateArguments(terminal).Build()),
            new("restored", () => new RestoredArguments(terminal).Build()),
            new("bench", () => new BenchArguments(terminal).Build()),
            new("demo", () => new DemoArguments(terminal).Build()),
            new("agent", () => new AgentArguments(terminal).Build()),
            new("fleet", () => new FleetArguments(terminal).Build()),
            new("drill", () => new DrillArguments(terminal).Build()),
            new("status", () => new StatusArguments(terminal).Build()),
            new("watch", () => new WatchArguments(terminal).Build()),
        ];

    /// <summary>What is needed to parse a command line: the command that it begins with, or all of them.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="terminal">The streams that the commands will use.</param>
    public static IEnumerable<TopLevelCommand> For(IReadOnlyList<string> arguments, Terminal terminal)
    {
        TopLevelCommand[] all = All(terminal);
        TopLevelCommand? named = arguments.Count == 0 ? null : Array.Find(all, command => command.Name == arguments[0]);
        return named is null ? all : [named];
    }
}
