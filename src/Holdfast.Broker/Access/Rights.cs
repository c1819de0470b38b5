using Holdfast.Broker.Identities;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Access;

/// <summary>What a client may publish and subscribe to within its product. Made once for a connection; judging allocates nothing. Immutable.</summary>
public sealed class Rights
{
    private static readonly TopicFilter[] AllTopics = [Parse("#")];
    private static readonly TopicFilter[] OfHoldfast = [Parse("devices/+/receipts/#"), Parse("devices/+/responses/#")];
    private static readonly Rights[] OfScopes = [.. Enumerable.Range(0, 16).Select(scopes => MakeForToken((Scopes)scopes))];

    private readonly bool _everything;
    private readonly TopicFilter[] _publish;
    private readonly TopicFilter[] _notPublish;
    private readonly TopicFilter[] _publishByRule;
    private readonly TopicFilter[] _subscribe;

    private Rights(bool everything, TopicFilter[] publish, TopicFilter[] notPublish, TopicFilter[] publishByRule, TopicFilter[] subscribe)
    {
        _everything = everything;
        _publish = publish;
        _notPublish = notPublish;
        _publishByRule = publishByRule;
        _subscribe = subscribe;
    }

    /// <summary>Every topic of the product: what anonymous clients have, and Holdfast itself.</summary>
    public static Rights Everything { get; } = new(true, [], [], [], []);

    /// <summary>The rights of a device: its own subtree, where commands, receipts and responses are only for it to read; what is broadcast; and what the rules add.</summary>
    /// <param name="product">Its product.</param>
    /// <param name="device">Its id.</param>
    /// <param name="rules">The product's rules.</param>
    public static Rights OfDevice(string product, string device, IReadOnlyList<TopicRule> rules)
    {
        var own = $"devices/{device}";
        return new Rights(
            false,
            [Parse($"{own}/#")],
            [Parse($"{own}/commands/#"), Parse($"{own}/receipts/#"), Parse($"{own}/responses/#")],
            [.. Filters(RuleAction.Publish)],
            [Parse($"{own}/#"), Parse("broadcast/#"), .. Filters(RuleAction.Subscribe)]);

        IEnumerable<TopicFilter> Filters(RuleAction action) => rules.Where(rule => rule.Action == action).Select(rule => Parse(Substitute(rule.Filter, product, device)));
    }

    /// <summary>The rights of an API token: by its scopes, in the whole product.</summary>
    /// <param name="scopes">Its scopes.</param>
    public static Rights OfToken(Scopes scopes) => OfScopes[(int)scopes & 15];

    /// <summary>Whether a message may be published on a topic.</summary>
    /// <param name="topic">A valid topic name in UTF-8.</param>
    public bool MayPublish(ReadOnlySpan<byte> topic) => _everything || (Any(_publish, topic) && !Any(_notPublish, topic)) || Any(_publishByRule, topic);

    /// <summary>Whether messages may be published on every topic below one, as the events of a batch are.</summary>
    /// <param name="topic">A valid topic name in UTF-8.</param>
    public bool MayPublishBelow(ReadOnlySpan<byte> topic)
    {
        if (_everything)
        {
            return true;
        }

        byte[] below = [.. topic, .. "/#"u8];
        return (AnyCovers(_publish, below) && !Any(_notPublish, topic)) || AnyCovers(_publishByRule, below);
    }

    /// <summary>Whether a filter may be subscribed to: only when everything that it can match may be read.</summary>
    /// <param name="filter">The filter; of a shared subscription, what stands behind its name counts.</param>
    public bool MaySubscribe(TopicFilter filter) => _everything || AnyCovers(_subscribe, filter.Levels);

    /// <summary>What is wrong with the filter of a rule; null when it can be used.</summary>
    /// <param name="filter">The filter.</param>
    public static string? ProblemOfRule(string filter)
        => filter.StartsWith('$') ? "A rule says nothing of topics that begin with $."
            : TopicFilter.TryParse(Substitute(filter, "product", "device"), out _, out var problem) ? null : problem;

    private static Rights MakeForToken(Scopes scopes) => new(
        false,
        scopes.HasFlag(Scopes.Publish) ? AllTopics : [],
        OfHoldfast,
        [],
        [.. scopes.HasFlag(Scopes.Subscribe) ? AllTopics : [], .. scopes.HasFlag(Scopes.Manage) ? new[] { Parse("$SYS/#") } : []]);

    private static string Substitute(string filter, string product, string device)
        => filter.Replace("{product}", product, StringComparison.Ordinal).Replace("{device}", device, StringComparison.Ordinal);

    private static TopicFilter Parse(string filter)
        => TopicFilter.TryParse(filter, out var parsed, out var problem) ? parsed : throw new InvalidDataException($"The registry holds the filter '{filter}': {problem}");

    private static bool Any(TopicFilter[] filters, ReadOnlySpan<byte> topic)
    {
        foreach (var filter in filters)
        {
            if (filter.Matches(topic))
            {
                return true;
            }
        }

        return false;
    }

    private static bool AnyCovers(TopicFilter[] filters, ReadOnlySpan<byte> wanted)
    {
        foreach (var filter in filters)
        {
            if (FilterCover.Covers(filter.Levels, wanted))
            {
                return true;
            }
        }

        return false;
    }
}
