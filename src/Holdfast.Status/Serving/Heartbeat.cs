using Microsoft.Extensions.Logging;

namespace Holdfast.Status.Serving;

/// <summary>
/// Calls an outside service as long as the page is served and judges. The page tells when its watchers are silent; when the page itself is, that service misses the call, and alerts.
/// </summary>
internal sealed class Heartbeat : IAsyncDisposable
{
    /// <summary>From one call to the next.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Uri _service;
    private readonly Func<CancellationToken, Task<string?>> _problem;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _beating;
    private bool _hasFailed;

    /// <summary>Begins to call.</summary>
    /// <param name="service">What is called, by GET.</param>
    /// <param name="problem">What is wrong with the page, or null: only then is the service called.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where it says when it begins not to call, and when it calls again.</param>
    public Heartbeat(Uri service, Func<CancellationToken, Task<string?>> problem, TimeProvider time, ILogger log)
    {
        _service = service;
        _problem = problem;
        _time = time;
        _log = log;
        _beating = Task.Run(RunAsync);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _beating.ConfigureAwait(false);
        _http.Dispose();
        _ending.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            do
            {
                string? failure = await BeatAsync().ConfigureAwait(false);
                if (failure is not null && !_hasFailed)
                {
                    _log.LogError("the heartbeat is not sent: {Reason}", failure);
                }
                else if (failure is null && _hasFailed)
                {
                    _log.LogInformation("the heartbeat is sent again");
                }

                _hasFailed = failure is not null;
            }
            while (await timer.WaitForNextTickAsync(_ending.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The page ends; that it does is what the service finds out.
        }
    }

    private async Task<string?> BeatAsync()
    {
        using var limit = new CancellationTokenSource(Timeout);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _ending.Token);
        try
        {
            if (await _problem(both.Token).ConfigureAwait(false) is { } problem)
            {
                return problem;
            }

            using HttpResponseMessage response = await _http.GetAsync(_service, HttpCompletionOption.ResponseHeadersRead, both.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? null : $"the service answered {(int)response.StatusCode}";
        }
        catch (OperationCanceledException) when (!_ending.IsCancellationRequested)
        {
            return $"no answer within {Words.Duration(Timeout)}";
        }
        catch (HttpRequestException exception)
        {
            return exception.GetBaseException().Message;
        }
    }
}
