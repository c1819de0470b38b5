using System.Diagnostics;
using Holdfast.Server.Bench.Connections;

namespace Holdfast.Server.Bench.Scenarios;

/// <summary>Clients that connect and disconnect without a pause.</summary>
/// <param name="options">The task.</param>
internal sealed class ConnectStormRun(BenchOptions options) : ConnectingRun(options, "connects", connectionsOfEach: 1)
{
    private readonly BenchOptions _options = options;

    /// <inheritdoc/>
    protected override async Task ConnectOnceAsync(int worker, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        using BenchConnection connection = await BenchConnection.OpenAsync(_options, Client(worker), cancellationToken);
        Answered(worker, begin);
        await connection.DisconnectAsync(cancellationToken);
    }
}
