using System.Diagnostics.Metrics;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Api;

/// <summary>What clients of the HTTP surface have read.</summary>
internal sealed class ApiMetrics : IDisposable
{
    public const string MeterName = "Holdfast.Api";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _read;
    private readonly Counter<long> _expired;
    private readonly Counter<long> _missing;
    private readonly Counter<long> _refused;

    public ApiMetrics()
    {
        _read = _meter.CreateCounter<long>("holdfast_events_read", description: "Events that pages and event streams have carried.");
        _expired = _meter.CreateCounter<long>("holdfast_events_read_expired", description: "Events that were left out of pages and event streams because they had expired.");
        _missing = _meter.CreateCounter<long>("holdfast_events_read_missing", description: "Records that readers were told they cannot have any more.");
        _refused = _meter.CreateCounter<long>("holdfast_http_refused", description: "HTTP requests that were answered with a problem, by its kind.");
    }

    /// <summary>Shows a figure.</summary>
    public void AddGauge(string name, Func<long> value, string description) => _meter.CreateObservableGauge(name, value, description: description);

    /// <summary>Counts an event.</summary>
    /// <returns>False when it has expired: it is not to be delivered.</returns>
    public bool CountRead(in PublishRecord record, long nowMilliseconds)
    {
        if (record.ExpiresAtMilliseconds != 0 && record.ExpiresAtMilliseconds <= nowMilliseconds)
        {
            _expired.Add(1);
            return false;
        }

        _read.Add(1);
        return true;
    }

    /// <summary>Counts a request that was refused.</summary>
    /// <param name="reason">The kind of problem.</param>
    public void CountRefused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void CountGap(LogGap gap)
        => _missing.Add(gap.ToOffset - gap.FromOffset, new KeyValuePair<string, object?>("reason", gap.Reason == LogGapReason.Trimmed ? "trimmed" : "damaged"));

    public void Dispose() => _meter.Dispose();
}
