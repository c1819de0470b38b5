namespace Holdfast.Server.Drill.Judging;

/// <summary>What the journals of a run say.</summary>
/// <param name="Published">Messages sent.</param>
/// <param name="Republished">How often one was sent again, because its exchange was interrupted.</param>
/// <param name="Acknowledged">Messages acknowledged.</param>
/// <param name="Received">Different messages received, by consumer.</param>
/// <param name="Violations">Broken promises.</param>
internal sealed record Verdict(
    int Published, int Republished, int Acknowledged, IReadOnlyDictionary<string, int> Received, IReadOnlyList<Violation> Violations)
{
    private const int Shown = 20;

    public override string ToString()
    {
        var consumers = string.Join(", ", Received.Select(consumer => $"{consumer.Key} received {consumer.Value}"));
        var kinds = string.Join(", ", Violations.GroupBy(violation => violation.Kind).Select(kind => $"{kind.Count()} × {kind.Key}"));
        var lines = Violations.Take(Shown).Select(violation => $"\n  {violation.Kind}: {violation.Text}");
        return $"published {Published} ({Republished} again), acknowledged {Acknowledged}, {consumers}; violations: {(kinds.Length == 0 ? "none" : kinds)}{string.Concat(lines)}";
    }
}

/// <summary>A broken promise.</summary>
/// <param name="Kind">Which.</param>
/// <param name="At">When: of a lost message when it was published, of the others when the delivery was received; microseconds since 1970.</param>
/// <param name="Text">Which message and what happened to it.</param>
internal sealed record Violation(ViolationKind Kind, long At, string Text);

internal enum ViolationKind
{
    /// <summary>Acknowledged, and not delivered to a consumer that was subscribed.</summary>
    Lost,

    /// <summary>Delivered twice at QoS 2.</summary>
    Duplicated,

    /// <summary>The first deliveries of a topic (at QoS 2 all) are not in the order of publishing.</summary>
    Reordered,

    /// <summary>A message published once, at QoS 2 or under a stream and sequence, became two events.</summary>
    StoredTwice,

    /// <summary>Delivered and confirmed before an orderly stop, and delivered again after it.</summary>
    Redelivered,

    /// <summary>Nobody has published this, or not on this topic.</summary>
    Invented,

    /// <summary>The server forgot a session.</summary>
    SessionLost,
}
