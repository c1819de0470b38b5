using System.CommandLine;
using Holdfast.Device;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Devices;

/// <summary>The command <c>fleet</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class FleetArguments(Terminal terminal)
{
    private readonly DeviceArguments _device = new();
    private readonly Option<int> _devices = ValueOptions.Number("--devices", "Simulated devices.", 100, 1, 100_000);
    private readonly Option<TimeSpan?> _duration = ValueOptions.Duration("--duration", "How long they publish.", TimeSpan.FromSeconds(30));
    private readonly Option<TimeSpan?> _drain = ValueOptions.Duration("--drain", "How long what waits then may take to be stored.", TimeSpan.FromMinutes(1));
    private readonly Option<string?> _profile = ValueOptions.Text("--profile", "NAME", $"What they publish: {string.Join(", ", FleetProfile.All.Keys)}. [default: telemetry]");
    private readonly Option<TimeSpan?> _interval = ValueOptions.Duration("--interval", "The mean pause between a device's events instead of the profile's.", null);
    private readonly Option<string?> _link = ValueOptions.Text("--link", "NAME", $"How well they are connected: {string.Join(", ", LinkQuality.All.Keys)}. [default: good]");
    private readonly Option<TimeSpan?> _reboot = ValueOptions.Duration("--reboot-every", "The mean time between the reboots of a device. [default: none]", null);
    private readonly Option<string?> _prefix = ValueOptions.Text("--prefix", "ID", "The device ids are ID-0, ID-1 and so on. [default: fleet]");
    private readonly Option<int?> _seed = new("--seed") { Description = "Make the same pauses and faults again. [default: a new one]", HelpName = "N" };
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print the result as JSON.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command(
            "fleet",
            "Simulate devices with the device library, their links and their reboots, for demonstrations, drills and capacity tests. "
            + "The exit code is 1 when an event is not stored at the end.")
        {
            _devices, _duration, _drain, _profile, _interval, _link, _reboot, _prefix, _seed, _json,
        };
        _device.AddTo(command);
        command.SetAction((result, cancellationToken) => TryBind(result, out FleetOptions? options) is { } problem
            ? Task.FromResult(terminal.RefuseUsage("fleet", problem))
            : new FleetCommand(options!, terminal, TimeProvider.System).RunAsync(cancellationToken));
        return command;
    }

    private string? TryBind(ParseResult result, out FleetOptions? options)
    {
        options = null;
        if (!FleetProfile.All.TryGetValue(result.GetValue(_profile) ?? "telemetry", out FleetProfile? profile))
        {
            return $"--profile {result.GetValue(_profile)}: there are {string.Join(", ", FleetProfile.All.Keys)}.";
        }

        if (!LinkQuality.All.TryGetValue(result.GetValue(_link) ?? "good", out LinkQuality? link))
        {
            return $"--link {result.GetValue(_link)}: there are {string.Join(", ", LinkQuality.All.Keys)}.";
        }

        string prefix = result.GetValue(_prefix) ?? "fleet";
        if (prefix.AsSpan().ContainsAny('/', '+', '#'))
        {
            return $"--prefix {prefix}: a device id is one level of a topic, without /, + and #.";
        }

        if (_device.TryBind(result, prefix, out DeviceOptions device) is { } problem)
        {
            return problem;
        }

        var defaults = new FleetOptions { Device = device };
        options = defaults with
        {
            Devices = result.GetValue(_devices),
            Duration = result.GetValue(_duration) ?? defaults.Duration,
            Draining = result.GetValue(_drain) ?? defaults.Draining,
            Profile = profile with { Interval = result.GetValue(_interval) ?? profile.Interval },
            Link = link,
            RebootEvery = result.GetValue(_reboot),
            Seed = result.GetValue(_seed) ?? Random.Shared.Next(1_000_000),
            Json = result.GetValue(_json),
        };
        return null;
    }
}
