using System.Diagnostics.Metrics;

namespace Holdfast.Broker;

/// <summary>The broker's counters, on the meter <c>Holdfast</c>. Whatever is dropped, refused or skipped is counted here by its reason.</summary>
public sealed class BrokerMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Holdfast";

    private readonly Meter _meter = new(MeterName);

    /// <summary>Creates the instruments.</summary>
    public BrokerMetrics()
    {
        Received = _meter.CreateCounter<long>("holdfast_publish_received", description: "PUBLISH packets received.");
        Connects = _meter.CreateCounter<long>("holdfast_connects", description: "Connections accepted.");
        ConnectsRefused = _meter.CreateCounter<long>("holdfast_connects_refused", description: "Connections refused, by reason.");
        Disconnects = _meter.CreateCounter<long>("holdfast_disconnects", description: "Connections ended, by reason.");
        QosZeroDropped = _meter.CreateCounter<long>("holdfast_qos0_dropped", description: "QoS 0 messages dropped because the subscriber did not read.");
        TooLargeForClient = _meter.CreateCounter<long>("holdfast_too_large_for_client", description: "Messages not sent: larger than the client accepts.");
        Expired = _meter.CreateCounter<long>("holdfast_expired", description: "Messages not sent: their expiry had passed.");
        TrimmedUnread = _meter.CreateCounter<long>("holdfast_trimmed_unread", description: "Records that retention removed before a session had read them.");
        DamagedUnread = _meter.CreateCounter<long>("holdfast_damaged_unread", description: "Damaged records that a session could not be sent.");
        WillsPublished = _meter.CreateCounter<long>("holdfast_wills_published", description: "Wills published.");
        SubscribeRefused = _meter.CreateCounter<long>("holdfast_subscribe_refused", description: "Subscriptions refused, by reason.");
        Limited = _meter.CreateCounter<long>("holdfast_limited", description: "Times that a limit was reached, by whose it is (scope), which it is (limit) and what was done (answer: wait, refuse or drop).");
        PublishRefused = _meter.CreateCounter<long>("holdfast_publish_refused", description: "Publishes refused, by reason.");
    }

    /// <summary>PUBLISH packets received.</summary>
    public Counter<long> Received { get; }

    /// <summary>Connections accepted.</summary>
    public Counter<long> Connects { get; }

    /// <summary>Connections refused.</summary>
    public Counter<long> ConnectsRefused { get; }

    /// <summary>Connections ended.</summary>
    public Counter<long> Disconnects { get; }

    /// <summary>QoS 0 messages dropped.</summary>
    public Counter<long> QosZeroDropped { get; }

    /// <summary>Messages larger than the client accepts.</summary>
    public Counter<long> TooLargeForClient { get; }

    /// <summary>Messages whose expiry had passed.</summary>
    public Counter<long> Expired { get; }

    /// <summary>Records removed unread.</summary>
    public Counter<long> TrimmedUnread { get; }

    /// <summary>Damaged records that a session could not be sent.</summary>
    public Counter<long> DamagedUnread { get; }

    /// <summary>Wills published.</summary>
    public Counter<long> WillsPublished { get; }

    /// <summary>Subscriptions refused.</summary>
    public Counter<long> SubscribeRefused { get; }

    /// <summary>Limits reached.</summary>
    public Counter<long> Limited { get; }

    /// <summary>Publishes refused.</summary>
    public Counter<long> PublishRefused { get; }

    /// <summary>Counts that a limit was reached.</summary>
    /// <param name="scope">Whose: <c>listener</c>, <c>product</c>, <c>device</c>, <c>client</c> or <c>node</c>.</param>
    /// <param name="limit">Which.</param>
    /// <param name="answer">What was done: <c>wait</c>, <c>refuse</c> or <c>drop</c>.</param>
    /// <param name="count">How many times.</param>
    public void CountLimited(string scope, string limit, string answer, long count = 1)
        => Limited.Add(count, new KeyValuePair<string, object?>("scope", scope), new KeyValuePair<string, object?>("limit", limit), new KeyValuePair<string, object?>("answer", answer));

    /// <summary>Adds a gauge.</summary>
    /// <param name="name">Its name, with the prefix <c>holdfast_</c>.</param>
    /// <param name="read">Reads it.</param>
    /// <param name="description">What it says.</param>
    public void AddGauge(string name, Func<long> read, string description)
        => _meter.CreateObservableGauge(name, read, description: description);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
