using Holdfast.Status.Reports;
using Microsoft.Extensions.Logging;

namespace Holdfast.Status.Watching;

/// <summary>Looks at its targets on a schedule, and reports what it sees.</summary>
public sealed class Watcher : IAsyncDisposable
{
    private readonly WatchOptions _options;
    private readonly TimeProvider _time;
    private readonly IProbe[] _probes;
    private readonly ReportSender? _sender;
    private long _round;

    /// <summary>Makes a watcher; it does nothing before <see cref="RunAsync"/>.</summary>
    /// <param name="options">How it works.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where it says what goes wrong with reporting.</param>
    public Watcher(WatchOptions options, TimeProvider time, ILogger log)
    {
        _options = options;
        _time = time;
        _probes = [.. options.Targets.SelectMany(target => MakeProbes(target, options, time))];
        _sender = options.Report is null ? null : new ReportSender(options, new SocketsHttpHandler(), time, log);
    }

    /// <summary>Watches until it is cancelled.</summary>
    /// <param name="seen">Told every step of every round.</param>
    /// <param name="rounds">How many rounds; null for no end.</param>
    /// <param name="cancellationToken">Ends the watching.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(Action<IReadOnlyList<WatchedStep>> seen, int? rounds, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.Interval, _time);
        Task sending = Task.CompletedTask;
        do
        {
            long at = _time.GetUtcNow().ToUnixTimeMilliseconds();
            long start = _time.GetTimestamp();
            IReadOnlyList<ReportedObservation>[] all = await Task.WhenAll(_probes.Select(probe => probe.RunAsync(cancellationToken))).ConfigureAwait(false);
            ReportedObservation[] observations = [.. all.SelectMany(one => one)];
            seen([.. observations.Select(one => new WatchedStep(one.Component, one.Step, one.Verdict, one.Milliseconds, one.Detail ?? ""))]);
            if (_sender is not null)
            {
                // A page that does not answer must not slow the rounds: its time-out is part of the next round's wait at most.
                await sending.ConfigureAwait(false);
                _sender.Add(new ReportedRound(++_round, at, observations), Pace(_time.GetElapsedTime(start)));
                sending = _sender.SendAsync(cancellationToken);
            }
        }
        while ((rounds is null || --rounds > 0) && await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        await sending.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IProbe probe in _probes)
        {
            await probe.DisposeAsync().ConfigureAwait(false);
        }

        _sender?.Dispose();
    }

    // What is found failing takes its time-out: who waits for that must not be taken for silent.
    private TimeSpan Pace(TimeSpan round) => new[] { _options.Interval, _options.StepTimeout, round }.Max();

    private static IEnumerable<IProbe> MakeProbes(WatchTarget target, WatchOptions options, TimeProvider time)
    {
        bool isHttp = target.Address.Scheme is "http" or "https";
        yield return isHttp ? new HttpProbe(target, options, time) : new MqttProbe(target, options, time);
        if (isHttp && options.WebhookListener is not null)
        {
            yield return new WebhookProbe(target, options, time);
        }

        if (CertificateProbe.IsFor(target.Address))
        {
            yield return new CertificateProbe(target, options, time);
        }
    }
}
