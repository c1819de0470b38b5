namespace Holdfast.Server.Demo;

/// <summary>The broker of the demonstration: started, killed, and started again on the same data and the same ports.</summary>
/// <param name="program">What runs it.</param>
/// <param name="data">Its data directory.</param>
/// <param name="journal">Where that is written.</param>
/// <param name="progress">Where that is told.</param>
/// <param name="time">The clock.</param>
internal sealed class KillableBroker(BrokerProgram program, string data, DemoJournal journal, DemoProgress progress, TimeProvider time) : IAsyncDisposable
{
    /// <summary>The longest it may take to be ready.</summary>
    public static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private BrokerProcess? _process;
    private long? _killedAt;

    /// <summary>The address for MQTT, the same after a restart.</summary>
    public Uri Mqtt { get; private set; } = new("mqtt://127.0.0.1:0");

    /// <summary>The address for HTTP, the same after a restart.</summary>
    public Uri Http { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>When it was killed.</summary>
    public DateTimeOffset KilledAt { get; private set; }

    /// <summary>Whether SIGKILL ended it and nothing of the process was left.</summary>
    public bool IsKilled { get; private set; }

    /// <summary>From the kill until it was ready again.</summary>
    public TimeSpan RestartTime { get; private set; }

    /// <summary>Starts it.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _process = await BrokerProcess.StartAsync(program, data, Mqtt.Port, Http.Port, StartTimeout, cancellationToken);
        (Mqtt, Http) = (_process.Mqtt ?? Mqtt, _process.Http ?? Http);
        journal.Write("started", detail: $"process {_process.Id}, {Mqtt}, {Http}");
        if (_killedAt is { } killedAt)
        {
            RestartTime = time.GetElapsedTime(killedAt);
            progress.Tell(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"broker {_process.Id} is ready after {RestartTime.TotalSeconds:0.00} s"));
        }
        else
        {
            progress.Tell($"broker {_process.Id} listens on {Mqtt} and {Http}");
        }
    }

    /// <summary>Kills it with SIGKILL.</summary>
    public async Task KillAsync()
    {
        _killedAt = time.GetTimestamp();
        KilledAt = time.GetUtcNow();
        IsKilled = await _process!.KillAsync();
        await _process.DisposeAsync();
        journal.Write("killed", detail: IsKilled ? "SIGKILL, nothing left of the process" : "not by SIGKILL");
        progress.Tell(IsKilled ? "SIGKILL: the broker is dead" : "the broker could not be killed");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
