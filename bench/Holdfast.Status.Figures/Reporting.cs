using System.Net.Http.Headers;
using System.Net.Http.Json;
using Holdfast.Status.Reports;

namespace Holdfast.Status.Figures;

/// <summary>The watchers, on their usual schedule: each every ten seconds, one after the other.</summary>
internal static class Reporting
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Reports until it is cancelled.</summary>
    public static async Task RunAsync(Uri page, string[] tokens, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = page };
        using var timer = new PeriodicTimer(Interval / tokens.Length);
        try
        {
            for (long sequence = 1; ; sequence++)
            {
                await SendAsync(http, tokens[sequence % tokens.Length], sequence, cancellationToken);
                await timer.WaitForNextTickAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The measurement is over.
        }
    }

    private static async Task SendAsync(HttpClient http, string token, long sequence, CancellationToken cancellationToken)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

        // A round has at most 100 observations.
        ReportedObservation[] observations = [.. Enumerable.Range(0, NinetyDays.Components).SelectMany(component => NinetyDays.Steps.Select(step => new ReportedObservation(NinetyDays.Component(component), step, "ok", 2.5)))];
        ReportedRound[] rounds = [.. observations.Chunk(ReportCheck.MaximumObservations).Select((chunk, index) => new ReportedRound((sequence * 2) + index, now - 1 + index, chunk))];
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/reports") { Content = JsonContent.Create(new Report("figures", (long)Interval.TotalMilliseconds, now, rounds), ReportJson.Default.Report) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
