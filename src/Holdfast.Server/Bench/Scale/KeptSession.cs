using System.Diagnostics;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Load;

namespace Holdfast.Server.Bench.Scale;

/// <summary>A kept session whose client goes, and comes back for what has been published meanwhile.</summary>
/// <param name="clientId">Its client identifier.</param>
/// <param name="filter">Its filter.</param>
internal sealed class KeptSession(string clientId, string filter)
{
    private BenchClient Client => new(clientId) { KeepSession = true };

    /// <summary>Makes the session.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task SubscribeAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        using BenchConnection connection = await BenchConnection.OpenAsync(options, Client, cancellationToken);
        await connection.SubscribeAsync(filter, QualityOfService.AtLeastOnce, cancellationToken);
        await connection.DisconnectAsync(cancellationToken);
    }

    /// <summary>Comes back and takes what waits.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="events">How many events wait.</param>
    /// <param name="longest">The longest it may take.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>From CONNECT to the last event.</returns>
    /// <exception cref="BenchException">Not all came.</exception>
    public async Task<TimeSpan> ReturnAsync(BenchOptions options, long events, TimeSpan longest, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        using BenchConnection connection = await BenchConnection.OpenAsync(options, Client with { CleanStart = false }, cancellationToken);
        var taker = new Taker(connection, events);
        Task reading = connection.RunAsync(taker);
        await Task.WhenAny(taker.Done.Task, reading, Task.Delay(longest, cancellationToken));
        return taker.Done.Task.IsCompletedSuccessfully
            ? Stopwatch.GetElapsedTime(begin, taker.DoneAt)
            : throw new BenchException($"{taker.Taken} of {events} events came in {longest.TotalSeconds:0} s. {connection.Failure}");
    }

    private sealed class Taker(BenchConnection connection, long events) : IBenchPackets
    {
        private long _taken;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long DoneAt { get; private set; }

        public long Taken => Volatile.Read(ref _taken);

        public void OnPublish(in PublishPacket packet, long now)
        {
            Answers.Answer(connection, in packet);
            Volatile.Write(ref _taken, _taken + 1);
            if (_taken == events)
            {
                DoneAt = now;
                Done.TrySetResult();
            }
        }

        public void OnAck(AckPacket packet, long now)
        {
        }

        public void OnReadCompleted()
        {
        }
    }
}
