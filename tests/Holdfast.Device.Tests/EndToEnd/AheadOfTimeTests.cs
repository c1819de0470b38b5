using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Holdfast.Device.Connections;
using Holdfast.Device.Outbox;
using Holdfast.Device.Tests.EndToEnd.Faults;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>A program with the library, compiled ahead of time: no warning of the trimmer or the compiler, and it does what it should against a real server.</summary>
public sealed partial class AheadOfTimeTests : IDisposable
{
    private const string Id = "pump-6";
    private const string Program = "Holdfast.Device.Publisher";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_native_program_publishes_and_the_compiler_has_nothing_to_say()
    {
        Components.Require("apt-get install clang", "clang", "--version");
        Components.Require("apt-get install zlib1g-dev", "test", "-e", "/usr/include/zlib.h");
        await PublishProgramAsync();
        await using var server = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data")));
        List<long> accepted = [];
        using (var device = new PublishingDevice([_directory.Below(Path.Combine("program", Program))], accepted, _directory.Below("outbox"), Id, 1_000_000, 0, server.MqttPort))
        {
            await device.AcceptAsync(100);
            await device.UntilAsync(ConnectivityState.Online);
            await device.KillAsync();
        }

        Assert.NotEmpty(await StoredEvents.ReadAsync(server, Id));
        await using var rest = HoldfastDevice.Start(new DeviceOptions
        {
            DeviceId = Id,
            Endpoints = [new Uri($"mqtt://127.0.0.1:{server.MqttPort}")],
            Outbox = new OutboxOptions { Directory = _directory.Below("outbox") },
        });
        await rest.DrainAsync(TestContext.Current.CancellationToken).Soon();
        var stored = (await StoredEvents.ReadAsync(server, Id)).Select(e => long.Parse(e.Payload, CultureInfo.InvariantCulture)).ToList();
        Assert.Empty(accepted.Except(stored));
        Assert.Equal(stored.Count, stored.Distinct().Count());
    }

    /// <summary>Builds beside the sources, not in their folders, which this test's own build has filled.</summary>
    private async Task PublishProgramAsync()
    {
        string[] arguments =
        [
            "publish", Path.Combine(Repository.Root, "tests", Program), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-o", _directory.Below("program"), "--artifacts-path", _directory.Below("artifacts"),
            "-p:PublishAot=true", "-p:TrimmerSingleWarn=false", "-p:UseSharedCompilation=false", "-nodeReuse:false", "-nologo",
        ];
        using var publishing = Process.Start(new ProcessStartInfo(PublishingDevice.DotnetHost, arguments) { RedirectStandardOutput = true })!;
        var output = await publishing.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).Soon();
        await publishing.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
        Assert.True(publishing.ExitCode == 0 && !Warning().IsMatch(output), output);
    }

    /// <summary>IL2xxx is the trimmer's, IL3xxx the compiler's.</summary>
    [GeneratedRegex("IL[23][0-9]{3}")]
    private static partial Regex Warning();
}
