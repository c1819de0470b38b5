using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Holdfast.Device.Connections;

namespace Holdfast.Device.Tests.EndToEnd.Faults;

/// <summary>The program Holdfast.Device.Publisher as a process of its own, and what it says.</summary>
internal sealed class PublishingDevice : IDisposable
{
    /// <summary>The host that runs the tests.</summary>
    public static readonly string DotnetHost = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet");

    /// <summary>The program as the tests' build has made it.</summary>
    public static readonly IReadOnlyList<string> Managed = [DotnetHost, Path.Combine(AppContext.BaseDirectory, "Holdfast.Device.Publisher.dll")];

    private readonly Process _process;
    private readonly List<long> _accepted;
    private readonly long _first;

    /// <param name="program">The program, and what comes before its arguments.</param>
    /// <param name="accepted">Where the numbers go that the outbox has taken.</param>
    /// <param name="outbox">The outbox directory.</param>
    /// <param name="id">The device id.</param>
    /// <param name="first">The first number; all have as many digits, so that one which the kill cuts short is noticed.</param>
    /// <param name="diskSeed">The seed of a disk that is torn, or 0.</param>
    /// <param name="endpoints">Where the cloud is.</param>
    public PublishingDevice(IReadOnlyList<string> program, List<long> accepted, string outbox, string id, long first, int diskSeed, params IEnumerable<int> endpoints)
    {
        (_accepted, _first) = (accepted, first);
        string[] arguments =
        [
            .. program.Skip(1), outbox, id, first.ToString(CultureInfo.InvariantCulture),
            diskSeed.ToString(CultureInfo.InvariantCulture), .. endpoints.Select(port => $"mqtt://127.0.0.1:{port}"),
        ];
        _process = Process.Start(new ProcessStartInfo(program[0], arguments) { RedirectStandardOutput = true })!;
    }

    /// <summary>What it has said of its connectivity, the present state last.</summary>
    public List<ConnectivityState> States { get; } = [ConnectivityState.Offline];

    /// <summary>Waits until so many more are taken.</summary>
    public Task AcceptAsync(int count)
    {
        var goal = _accepted.Count + count;
        return UntilAsync(() => _accepted.Count >= goal);
    }

    /// <summary>Waits until the present state is this one.</summary>
    public Task UntilAsync(ConnectivityState state) => UntilAsync(() => States[^1] == state);

    /// <summary>Waits until it has said that it is not online.</summary>
    /// <param name="said">How much it had said before.</param>
    public Task UntilNoticedAsync(int said) => UntilAsync(() => States[(said - 1)..].Exists(state => state != ConnectivityState.Online));

    /// <summary>SIGKILL; what it had said before is read to the end.</summary>
    public async Task KillAsync()
    {
        Signals.Send(_process.Id, Signals.Kill);
        while (await ReadAsync())
        {
            // The last words.
        }

        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Assert.True(await ReadAsync(), "The device ended by itself; what it wrote to standard error says why.");
        }
    }

    private async Task<bool> ReadAsync()
    {
        if (await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Soon() is not { } line)
        {
            return false;
        }

        if (line.StartsWith('='))
        {
            // The kill may have cut the last word short.
            States.AddRange(Enum.GetValues<ConnectivityState>().Where(state => line[1..] == $"{state}"));
        }
        else if (long.Parse(line, CultureInfo.InvariantCulture) is var number && number >= _first)
        {
            _accepted.Add(number);
        }

        return true;
    }
}
