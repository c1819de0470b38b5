using Holdfast.Mqtt;

namespace Holdfast.Broker.Subscriptions;

/// <summary>
/// A subscriber whose subscriptions match a topic. Where several of them match, the message is sent once (MQTT 5, 3.3.4): at the highest of
/// their qualities of service [MQTT-3.3.4-2], with all their identifiers [MQTT-3.3.4-4], with the RETAIN flag kept if any of them asks for
/// it, and held back from its publisher only if all of them ask for that.
/// </summary>
/// <typeparam name="TSubscriber">Who receives.</typeparam>
public readonly struct MatchedSubscriber<TSubscriber>
    where TSubscriber : class
{
    private readonly Subscription<TSubscriber>[] _all;
    private readonly uint[] _identifiers;
    private readonly int _first;
    private readonly int _count;

    /// <param name="all">Subscriptions of one topic, of any subscribers.</param>
    /// <param name="first">The first that is this subscriber's.</param>
    /// <param name="count">How many are, one after the other.</param>
    internal MatchedSubscriber(Subscription<TSubscriber>[] all, int first, int count)
    {
        _all = all;
        _first = first;
        _count = count;
        NoLocal = true;
        var identifierCount = 0;
        foreach (var subscription in all.AsSpan(first, count))
        {
            var options = subscription.Options;
            QualityOfService = options.QualityOfService > QualityOfService ? options.QualityOfService : QualityOfService;
            RetainAsPublished |= options.RetainAsPublished;
            NoLocal &= options.NoLocal;
            identifierCount += subscription.Identifier == 0 ? 0 : 1;
        }

        _identifiers = identifierCount == 0 ? [] : IdentifiersOf(all.AsSpan(first, count), identifierCount);
    }

    /// <summary>Who receives.</summary>
    public TSubscriber Subscriber => _all[_first].Subscriber;

    /// <summary>The highest quality of service of the matching subscriptions; the message is sent at this or its own, whichever is lower.</summary>
    public QualityOfService QualityOfService { get; }

    /// <summary>Keep the RETAIN flag as published.</summary>
    public bool RetainAsPublished { get; }

    /// <summary>Do not send to the subscriber what it published itself.</summary>
    public bool NoLocal { get; }

    /// <summary>The subscription identifiers to send; empty when there are none.</summary>
    public ReadOnlySpan<uint> Identifiers => _identifiers;

    /// <summary>The matching subscriptions, at least one.</summary>
    public ReadOnlySpan<Subscription<TSubscriber>> Subscriptions => _all.AsSpan(_first, _count);

    /// <summary>Whether a record belongs to any of the matching subscriptions.</summary>
    /// <param name="partition">The record's partition.</param>
    /// <param name="offset">The record's offset.</param>
    public bool Covers(int partition, long offset)
    {
        foreach (var subscription in Subscriptions)
        {
            if (subscription.Covers(partition, offset))
            {
                return true;
            }
        }

        return false;
    }

    private static uint[] IdentifiersOf(ReadOnlySpan<Subscription<TSubscriber>> subscriptions, int count)
    {
        var identifiers = new uint[count];
        var next = 0;
        foreach (var subscription in subscriptions)
        {
            if (subscription.Identifier != 0)
            {
                identifiers[next++] = subscription.Identifier;
            }
        }

        return identifiers;
    }
}
