using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Holdfast.Integrations;

/// <summary>
/// The measurements of the meter <see cref="MeterName"/>, each with the tags <c>product</c> and <c>integration</c>:
/// <list type="bullet">
/// <item><c>holdfast_integration_events_delivered</c>: events that the receiver confirmed.</item>
/// <item><c>holdfast_integration_events_dead_lettered</c>: events that the receiver refused for good.</item>
/// <item><c>holdfast_integration_attempts_failed</c>: attempts that failed and are repeated.</item>
/// <item><c>holdfast_integration_events_expired</c>: events that expired before their delivery.</item>
/// <item><c>holdfast_integration_records_trimmed_unread</c>: records that retention removed before their delivery.</item>
/// <item><c>holdfast_integration_records_damaged_unread</c>: records that cannot be delivered because they are damaged.</item>
/// <item><c>holdfast_integration_attempt_duration</c>: how long attempts took, in seconds.</item>
/// <item><c>holdfast_integration_messages_received</c>: messages of another broker that were stored here and acknowledged there.</item>
/// <item><c>holdfast_integration_connected</c>: 1 when a bridge is connected, else 0.</item>
/// <item><c>holdfast_integration_records_behind</c>: records between the cursor and the end of the log.</item>
/// <item><c>holdfast_integration_bytes_behind</c>: about the bytes of the log that these records have.</item>
/// <item><c>holdfast_integration_oldest_waiting_age</c>: age of the oldest unconfirmed event, in seconds; 0 when there is none.</item>
/// </list>
/// </summary>
public sealed class IntegrationMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Holdfast.Integrations";

    private readonly Meter _meter = new(MeterName);

    internal IntegrationMetrics(
        Func<IEnumerable<Measurement<long>>> behind, Func<IEnumerable<Measurement<long>>> behindBytes, Func<IEnumerable<Measurement<double>>> oldestWaitingAge, Func<IEnumerable<Measurement<int>>> connected)
    {
        Delivered = _meter.CreateCounter<long>("holdfast_integration_events_delivered", null, "Events that the receiver confirmed.");
        DeadLettered = _meter.CreateCounter<long>(
            "holdfast_integration_events_dead_lettered", null, "Events that the receiver refused for good.");
        FailedAttempts = _meter.CreateCounter<long>("holdfast_integration_attempts_failed", null, "Attempts that failed and are repeated.");
        Expired = _meter.CreateCounter<long>("holdfast_integration_events_expired", null, "Events that expired before their delivery.");
        TrimmedUnread = _meter.CreateCounter<long>(
            "holdfast_integration_records_trimmed_unread", null, "Records that retention removed before their delivery.");
        DamagedUnread = _meter.CreateCounter<long>(
            "holdfast_integration_records_damaged_unread", null, "Records that cannot be delivered because they are damaged.");
        AttemptDuration = _meter.CreateHistogram(
            "holdfast_integration_attempt_duration", "s", "How long attempts took.", tags: null, new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
            });
        _meter.CreateObservableGauge(
            "holdfast_integration_records_behind", behind, null, "Records between the cursor and the end of the log.");
        _meter.CreateObservableGauge(
            "holdfast_integration_bytes_behind", behindBytes, null, "About the bytes of the log that these records have.");
        Received = _meter.CreateCounter<long>(
            "holdfast_integration_messages_received", null, "Messages of another broker that were stored here and acknowledged there.");
        _meter.CreateObservableGauge("holdfast_integration_connected", connected, null, "1 when a bridge is connected, else 0.");
        _meter.CreateObservableGauge(
            "holdfast_integration_oldest_waiting_age", oldestWaitingAge, "s", "Age of the oldest event that waits for its confirmation.");
    }

    internal Counter<long> Delivered { get; }

    internal Counter<long> DeadLettered { get; }

    internal Counter<long> FailedAttempts { get; }

    internal Counter<long> Expired { get; }

    internal Counter<long> TrimmedUnread { get; }

    internal Counter<long> DamagedUnread { get; }

    internal Counter<long> Received { get; }

    internal Histogram<double> AttemptDuration { get; }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal static TagList Tags(string product, string name) => new() { { "product", product }, { "integration", name } };
}
