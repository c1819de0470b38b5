using Holdfast.Broker.Tests.Topics;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Fuzzing;

/// <summary>A subscription as the model keeps it.</summary>
internal sealed record ModelSubscription(string Filter, QualityOfService QualityOfService, uint Identifier, bool NoLocal, bool RetainAsPublished);

/// <summary>A session as the standard describes it, with every message kept that it is owed. It shares nothing with the broker's, on purpose.</summary>
internal sealed class ModelSession(string clientId)
{
    private readonly Dictionary<string, ModelSubscription> _subscriptions = [];
    private readonly List<Expected> _expected = [];
    private readonly Dictionary<(string Topic, QualityOfService), int> _lastOrder = [];

    public string ClientId => clientId;

    public bool IsPersistent { get; set; }

    public bool IsConnected { get; set; }

    public IReadOnlyCollection<string> Filters => _subscriptions.Keys;

    public IEnumerable<Expected> Missing => _expected.Where(one => one is { IsRequired: true, IsTaken: false });

    /// <summary>Something was published.</summary>
    public void OnPublished(string topic, string payload, QualityOfService qualityOfService, bool retain, string publisher, int order)
    {
        if (retain)
        {
            // The one before is sent to nobody any more, unless it is on its way.
            _expected.FindAll(one => one.IsRetained && one.Topic == topic).ForEach(one => one.IsRequired = false);
        }

        var matching = Matching(topic);
        if (payload.Length == 0 || matching.Count == 0)
        {
            return;
        }

        var granted = (QualityOfService)Math.Min((int)qualityOfService, matching.Max(one => (int)one.QualityOfService));
        var isHidden = (publisher == clientId && matching.TrueForAll(one => one.NoLocal)) || (!IsConnected && granted == QualityOfService.AtMostOnce);

        _expected.Add(new Expected
        {
            Topic = topic,
            Payload = payload,
            Retain = retain && matching.Exists(one => one.RetainAsPublished),
            IsRetained = false,
            QualityOfService = granted,
            Identifiers = [.. matching.Where(one => one.Identifier != 0).Select(one => one.Identifier)],
            Order = order,
            IsHidden = isHidden,
            IsRequired = !isHidden && granted != QualityOfService.AtMostOnce,
        });
    }

    /// <summary>SUBSCRIBE is acknowledged.</summary>
    /// <param name="subscription">What was granted.</param>
    /// <param name="retained">The retained messages that it asks for.</param>
    /// <param name="order">The place among everything that happens.</param>
    public void OnSubscribed(ModelSubscription subscription, IEnumerable<(string Topic, string Payload, QualityOfService QualityOfService)> retained, int order)
    {
        Change(subscription.Filter);
        _subscriptions[subscription.Filter] = subscription;
        foreach (var (topic, payload, qualityOfService) in retained.Where(one => FilterOracle.Matches(subscription.Filter, one.Topic)))
        {
            var granted = (QualityOfService)Math.Min((int)qualityOfService, (int)subscription.QualityOfService);
            _expected.Add(new Expected
            {
                Topic = topic,
                Payload = payload,
                Retain = true,
                IsRetained = true,
                QualityOfService = granted,
                Identifiers = subscription.Identifier == 0 ? [] : [subscription.Identifier],
                Order = order,
                IsRequired = granted != QualityOfService.AtMostOnce,
            });
        }
    }

    public bool OnUnsubscribed(string filter)
    {
        Change(filter);
        return _subscriptions.Remove(filter);
    }

    /// <summary>The connection is gone. What is retained and not there yet may be sent again from the beginning, or not.</summary>
    public void OnDisconnected()
    {
        IsConnected = false;
        _expected.FindAll(one => one is { IsRetained: true, IsTaken: false }).ForEach(one => (one.IsRequired, one.HasAnyTerms) = (false, true));
    }

    public void OnCrashed() => _expected.ForEach(one => one.MayComeAgain = true);

    /// <summary>A message has come for the first time, as far as its packet identifier says.</summary>
    /// <returns>What is wrong with that; null when nothing is.</returns>
    public string? Take(string topic, string payload, bool retain, QualityOfService qualityOfService, IReadOnlyList<uint> identifiers)
    {
        var fitting = _expected.FindAll(one => one.Topic == topic && one.Fits(payload, retain, qualityOfService, identifiers));
        var next = fitting.Where(one => !one.IsTaken).OrderBy(one => one.HasAnyTerms).ThenByDescending(one => one.IsRequired).FirstOrDefault();
        if (next is null)
        {
            var again = _expected.Exists(one => one is { IsTaken: true, MayComeAgain: true } && one.Payload == payload) && qualityOfService == QualityOfService.AtLeastOnce;
            return again ? null : $"was not to come (any more): expected of this payload {string.Join(", ", _expected.Where(one => one.Payload == payload).Select(one => $"[{one}{(one.IsTaken ? " taken" : "")}]"))}";
        }

        next.IsTaken = true;
        if (next.IsRetained || next.HasAnyTerms || fitting.Count > 1 || qualityOfService == QualityOfService.AtMostOnce)
        {
            return null;
        }

        var key = (topic, qualityOfService);
        var last = _lastOrder.GetValueOrDefault(key, -1);
        _lastOrder[key] = Math.Max(last, next.Order);
        return next.Order > last ? null : "has been overtaken by a later one of its topic";
    }

    private List<ModelSubscription> Matching(string topic) => [.. _subscriptions.Values.Where(one => FilterOracle.Matches(one.Filter, topic))];

    /// <summary>What is on its way through a subscription that changes may still come, or not.</summary>
    private void Change(string filter)
    {
        if (_subscriptions.ContainsKey(filter))
        {
            _expected.FindAll(one => !one.IsTaken && FilterOracle.Matches(filter, one.Topic)).ForEach(one => (one.IsRequired, one.HasAnyTerms) = (false, true));
        }
    }
}
