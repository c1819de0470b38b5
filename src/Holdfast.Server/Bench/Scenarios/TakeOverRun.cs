using System.Diagnostics;
using Holdfast.Mqtt;
using Holdfast.Server.Bench.Connections;

namespace Holdfast.Server.Bench.Scenarios;

/// <summary>Clients with a kept session that connect again while their last connection is still open, at the next host if there are several.</summary>
/// <param name="options">The task.</param>
internal sealed class TakeOverRun(BenchOptions options) : ConnectingRun(options, "take-overs", connectionsOfEach: 2)
{
    private readonly BenchOptions _options = options;
    private readonly BenchConnection?[] _connections = new BenchConnection?[options.AtOnce];
    private readonly int[] _places = [.. Enumerable.Range(0, options.AtOnce)];

    /// <inheritdoc/>
    protected override async Task ConnectOnceAsync(int worker, CancellationToken cancellationToken)
    {
        BenchConnection? last = _connections[worker];
        long begin = Stopwatch.GetTimestamp();
        BenchConnection connection = await BenchConnection.OpenAsync(
            _options.Of(_places[worker]++), Client(worker) with { CleanStart = last is null, KeepSession = true }, cancellationToken);
        _connections[worker] = connection;
        if (last is null)
        {
            await connection.SubscribeAsync(Client(worker).ClientId, QualityOfService.AtLeastOnce, cancellationToken);
            return;
        }

        Answered(worker, begin);
        last.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task CleanUpAsync(CancellationToken cancellationToken)
    {
        for (int worker = 0; worker < _connections.Length; worker++)
        {
            using BenchConnection clean = await BenchConnection.OpenAsync(_options.Of(worker), Client(worker), cancellationToken);
            _connections[worker]?.Dispose();
        }
    }
}
