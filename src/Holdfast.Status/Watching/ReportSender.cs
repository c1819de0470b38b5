using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Holdfast.Status.Reports;
using Microsoft.Extensions.Logging;

namespace Holdfast.Status.Watching;

/// <summary>Sends rounds to the page, in order, each until the page has it. While the page cannot be reached they wait, the newest of a bounded number.</summary>
internal sealed class ReportSender : IDisposable
{
    /// <summary>So many rounds wait; beyond it the oldest is dropped and counted. A day of them, at the default interval.</summary>
    public const int MaximumWaiting = 8640;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly Queue<ReportedRound> _waiting = [];
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly string _stream = Guid.NewGuid().ToString("N");
    private TimeSpan _pace;
    private bool _hasFailed;
    private long _dropped;

    public ReportSender(WatchOptions options, HttpMessageHandler handler, TimeProvider time, ILogger log)
    {
        _time = time;
        _log = log;
        _http = new HttpClient(handler) { BaseAddress = options.Report, Timeout = Timeout };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.Token);
    }

    /// <summary>Rounds that wait.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Rounds that were dropped because too many waited, or because the page refused them.</summary>
    public long Dropped => _dropped;

    /// <summary>Adds a round; nothing is sent.</summary>
    /// <param name="round">The round.</param>
    /// <param name="pace">How long it takes from one round to the next, as things are; from it follows when the page takes the watcher for silent.</param>
    public void Add(ReportedRound round, TimeSpan pace)
    {
        _pace = pace;
        if (_waiting.Count == MaximumWaiting)
        {
            _waiting.Dequeue();
            Drop(1, $"more than {MaximumWaiting} rounds wait for the page");
        }

        _waiting.Enqueue(round);
    }

    /// <summary>Sends what waits, until all is sent or the page does not take it.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        while (_waiting.Count > 0)
        {
            ReportedRound[] rounds = [.. _waiting.Take(ReportCheck.MaximumRounds)];
            if (!await TrySendAsync(rounds, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            for (int count = 0; count < rounds.Length; count++)
            {
                _waiting.Dequeue();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<bool> TrySendAsync(ReportedRound[] rounds, CancellationToken cancellationToken)
    {
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds();

        // A clock that was set back must not make a report that the page refuses.
        var report = new Report(_stream, (long)_pace.TotalMilliseconds, Math.Max(now, rounds.Max(round => round.At)), rounds);
        try
        {
            using HttpResponseMessage response = await _http.PostAsJsonAsync("api/v1/reports", report, ReportJson.Default.Report, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                if (_hasFailed)
                {
                    _log.LogInformation("the page takes reports again; {Count} rounds had waited", _waiting.Count);
                    _hasFailed = false;
                }

                return true;
            }

            if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity)
            {
                // Sent again it would be refused again, and hold up all that comes after it.
                Drop(rounds.Length, $"the page refused them: {await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)}");
                return true;
            }

            Complain($"it answered {(int)response.StatusCode}{(response.StatusCode == HttpStatusCode.Unauthorized ? ": the token is not accepted" : "")}");
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Complain(exception is TaskCanceledException ? "it does not answer" : exception.GetBaseException().Message);
        }

        return false;
    }

    private void Complain(string reason)
    {
        if (!_hasFailed)
        {
            _log.LogWarning("the page does not take reports, they wait here: {Reason}", reason);
            _hasFailed = true;
        }
    }

    private void Drop(int count, string reason)
    {
        _dropped += count;
        _log.LogError("dropped {Count} rounds, {Total} in all: {Reason}", count, _dropped, reason);
    }
}
