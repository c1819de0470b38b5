namespace Holdfast.Server.Drill.Judging;

/// <summary>Judges a run by the clients' journals alone.</summary>
internal sealed class JournalChecker
{
    private readonly Dictionary<(string Publisher, long Sequence), Message> _messages = [];
    private readonly Dictionary<string, Consumer> _consumers = [];
    private readonly List<Violation> _violations = [];
    private readonly List<long> _stops = [];

    public static Verdict Check(IEnumerable<JournalEntry> entries) => new JournalChecker().Judge([.. entries.OrderBy(entry => entry.T)]);

    private Verdict Judge(IReadOnlyList<JournalEntry> entries)
    {
        foreach (var entry in entries)
        {
            ReadPublishing(entry);
        }

        foreach (var entry in entries.Where(entry => entry.Action == JournalAction.Received))
        {
            ReadDelivery(entry);
        }

        foreach (var consumer in _consumers.Values)
        {
            FindLost(consumer);
        }

        return new Verdict(
            _messages.Count,
            entries.Count(entry => entry is { Action: JournalAction.Published, Dup: true }),
            _messages.Values.Count(message => message.IsAcknowledged),
            _consumers.ToDictionary(consumer => consumer.Key, consumer => consumer.Value.Seen.Count),
            _violations);
    }

    private void ReadPublishing(JournalEntry entry)
    {
        switch (entry.Action)
        {
            case JournalAction.Published:
                _messages.TryAdd((entry.Publisher!, entry.Sequence), new Message(entry.Topic!, entry.Qos, entry.Once || entry.Qos == 2, entry.T));
                break;
            case JournalAction.Acknowledged:
                _messages[(entry.Publisher!, entry.Sequence)].IsAcknowledged = true;
                break;
            case JournalAction.Subscribed:
                ConsumerOf(entry).Subscriptions.Add(new Subscription(entry.Topic!, entry.Qos, entry.T));
                break;
            case JournalAction.Stopped:
                _stops.Add(entry.T);
                break;
            case JournalAction.SessionLost:
                Report(ViolationKind.SessionLost, entry, "the server forgot the session");
                break;
        }
    }

    private void ReadDelivery(JournalEntry entry)
    {
        var key = (entry.Publisher!, entry.Sequence);
        if (!_messages.TryGetValue(key, out var message) || message.Topic != entry.Topic)
        {
            Report(ViolationKind.Invented, entry, "nobody published it");
            return;
        }

        var consumer = ConsumerOf(entry);
        var exactlyOnce = Math.Min(message.Qos, consumer.QosOf(message.Topic)) == 2;
        CheckId(entry, message);
        var isFirst = !consumer.Seen.TryGetValue(key, out var seenAt);
        if (isFirst)
        {
            consumer.Seen.Add(key, entry.T);
        }
        else if (exactlyOnce)
        {
            Report(ViolationKind.Duplicated, entry, "delivered twice at QoS 2");
        }
        else if (_stops.Any(stop => seenAt < stop && stop < entry.T))
        {
            Report(ViolationKind.Redelivered, entry, "delivered again after an orderly stop");
        }

        if (isFirst || exactlyOnce)
        {
            CheckOrder(entry, consumer);
        }
    }

    private void CheckId(JournalEntry entry, Message message)
    {
        if (entry.Id is null || !message.Once)
        {
            return;
        }

        message.Id ??= entry.Id;
        if (message.Id != entry.Id)
        {
            Report(ViolationKind.StoredTwice, entry, $"it is both event {message.Id} and event {entry.Id}");
        }
    }

    private void CheckOrder(JournalEntry entry, Consumer consumer)
    {
        var last = consumer.LastOfTopic.GetValueOrDefault((entry.Topic!, entry.Publisher!));
        if (entry.Sequence < last)
        {
            Report(ViolationKind.Reordered, entry, $"it came after {last}");
        }

        consumer.LastOfTopic[(entry.Topic!, entry.Publisher!)] = Math.Max(last, entry.Sequence);
    }

    private void FindLost(Consumer consumer)
    {
        foreach (var (key, message) in _messages)
        {
            if (message.IsAcknowledged && consumer.WasSubscribed(message) && !consumer.Seen.ContainsKey(key))
            {
                _violations.Add(new Violation(
                    ViolationKind.Lost, message.PublishedAt, $"{key.Publisher} #{key.Sequence} on {message.Topic} was acknowledged and never reached {consumer.Name}"));
            }
        }
    }

    private Consumer ConsumerOf(JournalEntry entry)
    {
        if (!_consumers.TryGetValue(entry.Client, out var consumer))
        {
            consumer = new Consumer(entry.Client);
            _consumers.Add(entry.Client, consumer);
        }

        return consumer;
    }

    private void Report(ViolationKind kind, JournalEntry entry, string what)
        => _violations.Add(new Violation(
            kind, entry.T, entry.Publisher is null ? $"{entry.Client}: {what}" : $"{entry.Client}, {entry.Publisher} #{entry.Sequence} on {entry.Topic}: {what}"));

    private sealed record Message(string Topic, int Qos, bool Once, long PublishedAt)
    {
        public bool IsAcknowledged { get; set; }

        public string? Id { get; set; }
    }

    private sealed record Subscription(string Filter, int Qos, long Since);

    private sealed record Consumer(string Name)
    {
        public List<Subscription> Subscriptions { get; } = [];

        public Dictionary<(string Publisher, long Sequence), long> Seen { get; } = [];

        public Dictionary<(string Topic, string Publisher), long> LastOfTopic { get; } = [];

        public int QosOf(string topic)
            => Subscriptions.Where(subscription => Filters.Match(subscription.Filter, topic)).Select(subscription => subscription.Qos).DefaultIfEmpty().Max();

        public bool WasSubscribed(Message message)
            => Subscriptions.Any(subscription => subscription.Since < message.PublishedAt && Filters.Match(subscription.Filter, message.Topic));
    }
}
