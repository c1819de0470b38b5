using System.Net;
using Holdfast.Server.Demo;
using Holdfast.Server.Drill.Clients;
using Holdfast.Server.Drill.Judging;

namespace Holdfast.Server.Drill.Lab;

/// <summary>A node of Holdfast on a machine of the laboratory.</summary>
/// <param name="machine">The machine.</param>
/// <param name="network">Where it is.</param>
/// <param name="program">What it runs at first.</param>
/// <param name="store">What tells the node where it stores: <c>--data …</c>, or <c>--cluster …</c> with its name and zone.</param>
/// <param name="fakeTime">libfaketime, when the node's clock is to be stepped; otherwise null.</param>
internal sealed class LabNode(LabMachine machine, ILabNetwork network, BrokerProgram program, IReadOnlyList<string> store, string? fakeTime) : IDisposable
{
    /// <summary>Where nodes listen for MQTT.</summary>
    public const int MqttPort = 21883;

    private const int HttpPort = 28080;
    private const string ProcessName = "holdfast";
    private const string SecretVariable = "HOLDFAST_CLUSTER_SECRET";
    private const string Secret = "the nodes of a drill";

    /// <summary>The longest that a node may take to be ready.</summary>
    public static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private LabProcess? _process;
    private bool _shouldRun;

    /// <summary>The machine.</summary>
    public LabMachine Machine { get; } = machine;

    /// <summary>What it runs from its next start on.</summary>
    public BrokerProgram Program { get; set; } = program;

    /// <summary>Where devices connect.</summary>
    public IPEndPoint Mqtt => new(Machine.Address, MqttPort);

    private Uri Http => new($"http://{Machine.Address}:{HttpPort}");

    private bool IsOnLoopback => IPAddress.IsLoopback(Machine.Address);

    // Whoever calls from the machine itself needs no token.
    private Uri LocalHttp => IsOnLoopback ? Http : new($"http://{IPAddress.Loopback}:{HttpPort}");

    // Where a node keeps its administrator's token.
    private string TokenDirectory => Path.Combine(Machine.Directory, "data");

    private string ClockFile => Path.Combine(Machine.Directory, "clock");

    /// <summary>Whether it has ended without being told to.</summary>
    public bool HasFallen => _shouldRun && _process is { HasEnded: true };

    /// <summary>Starts it when it does not run.</summary>
    public void Start()
    {
        _shouldRun = true;
        if (_process is { HasEnded: false })
        {
            return;
        }

        _process?.Dispose();
        Directory.CreateDirectory(Path.Combine(Machine.Directory, ProcessName));
        List<string> command =
        [
            Program.FileName, .. Program.Arguments, "serve", .. store, "--listen", $"mqtt://{Mqtt}", "--listen", Http.ToString().TrimEnd('/'), "--allow-anonymous", "--allow-private-webhooks",
        ];
        if (!IsOnLoopback)
        {
            command.AddRange(["--listen", LocalHttp.ToString().TrimEnd('/')]);
        }

        _process = LabProcess.Start(network, Machine, ProcessName, Environment(), command);
    }

    /// <summary>Waits until it says that it is ready.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="LabException">It ended, or was not ready in time.</exception>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyTimeout);
        try
        {
            while (!await IsReadyAsync(limit.Token))
            {
                await Task.Delay(Interval, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LabException($"{Machine.Name} was not ready within {ReadyTimeout.TotalSeconds:0} s. It said:\n{_process?.LastLines()}");
        }
    }

    /// <summary>Kills it with SIGKILL.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task KillAsync(CancellationToken cancellationToken)
    {
        _shouldRun = false;
        return _process!.KillAsync(cancellationToken);
    }

    /// <summary>Freezes it with SIGSTOP.</summary>
    public void Freeze() => _process!.Send(LabSignal.Stop);

    /// <summary>Lets it go on.</summary>
    public void Thaw() => _process!.Send(LabSignal.Continue);

    /// <summary>Stops it in order, as an upgrade does.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="LabException">It did not end with exit code 0.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _shouldRun = false;
        ProcessTable.Send(_process!.Id, LabSignal.Terminate);
        int code = await _process.WaitForExitAsync(cancellationToken);
        if (code != 0)
        {
            throw new LabException($"{Machine.Name} was stopped by SIGTERM and ended with exit code {code}. It said:\n{_process.LastLines()}");
        }
    }

    /// <summary>Steps its clock.</summary>
    /// <param name="step">How far from the true time; zero sets it right.</param>
    public void StepClock(TimeSpan step) => File.WriteAllText(ClockFile, $"{step.TotalSeconds:+0;-0;+0}\n");

    /// <summary>Adds a webhook for all events of devices.</summary>
    /// <param name="url">Where to post.</param>
    /// <param name="filter">The topic filter.</param>
    /// <exception cref="LabException">The node refuses.</exception>
    public Task AddWebhookAsync(Uri url, string filter) => LabCommand.RunAsync(
        [.. network.Enter(Machine), Program.FileName, .. Program.Arguments, "integration", "add", "--server", LocalHttp.ToString(), "--data", TokenDirectory, "--webhook", url.ToString(), "--filter", filter]);

    /// <summary>A reader of its log.</summary>
    /// <param name="journal">Where it writes down what it reads.</param>
    public LogReader OpenLog(Journal journal) => new(Http, File.ReadAllText(Path.Combine(TokenDirectory, "admin-token")).Trim(), journal);

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _process?.Dispose();
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(new Uri(Http, "/health/ready"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    // The library looks at its file once a second; clocks that only count stay true.
    private Dictionary<string, string> Environment()
    {
        if (fakeTime is null)
        {
            return new Dictionary<string, string> { [SecretVariable] = Secret };
        }

        StepClock(TimeSpan.Zero);
        return new Dictionary<string, string>
        {
            [SecretVariable] = Secret,
            ["LD_PRELOAD"] = fakeTime,
            ["FAKETIME_TIMESTAMP_FILE"] = ClockFile,
            ["FAKETIME_CACHE_DURATION"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            ["NO_FAKE_STAT"] = "1",
        };
    }
}
