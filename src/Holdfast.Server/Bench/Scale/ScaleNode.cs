using System.Diagnostics;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Measuring;
using Holdfast.Server.Demo;

namespace Holdfast.Server.Bench.Scale;

/// <summary>This program's broker, started and ended again on one directory, which is removed in the end.</summary>
/// <param name="directory">Its data directory; made here.</param>
internal sealed class ScaleNode(string directory) : IAsyncDisposable
{
    /// <summary>A start that takes longer is a failure.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);

    private BrokerProcess? _process;

    /// <summary>Its memory and CPU time now.</summary>
    /// <exception cref="BenchException">It is not running.</exception>
    public ProcessUsage Usage => ProcessUsage.Read(Running.Id) ?? throw new BenchException("the broker has ended");

    /// <summary>Its data directory.</summary>
    public string Data => directory;

    private BrokerProcess Running => _process ?? throw new BenchException("the broker is not running");

    /// <summary>Makes a node with an empty directory, and starts it.</summary>
    /// <param name="parent">Where the directory is made.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<ScaleNode> StartNewAsync(string parent, CancellationToken cancellationToken)
    {
        var node = new ScaleNode(Directory.CreateDirectory(Path.Combine(parent, $"holdfast-bench-{Guid.NewGuid():N}")).FullName);
        await node.StartAsync(cancellationToken);
        return node;
    }

    /// <summary>Starts it.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>From the start of the process until it said that it is ready.</returns>
    public async Task<TimeSpan> StartAsync(CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        _process = await BrokerProcess.StartAsync(BrokerProgram.ThisOne(), directory, 0, 0, StartTimeout, cancellationToken);
        return Stopwatch.GetElapsedTime(begin);
    }

    /// <summary>Ends it in order, or with SIGKILL.</summary>
    /// <param name="isKilled">Whether by SIGKILL.</param>
    public async Task EndAsync(bool isKilled)
    {
        BrokerProcess process = Running;
        _process = null;
        if (isKilled)
        {
            await process.KillAsync();
        }

        await process.DisposeAsync();
    }

    /// <summary>A task for this node.</summary>
    /// <param name="options">The task.</param>
    public BenchOptions Take(BenchOptions options) => options with { Port = Running.Mqtt!.Port, BrokerProcessId = Running.Id, DataDirectory = directory };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await EndAsync(isKilled: true);
        }

        Directory.Delete(directory, recursive: true);
    }
}
