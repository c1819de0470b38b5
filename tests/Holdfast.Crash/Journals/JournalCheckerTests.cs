namespace Holdfast.Crash.Journals;

/// <summary>The judge on journals made by hand: it finds each kind of broken promise, and nothing where there is none.</summary>
public sealed class JournalCheckerTests
{
    private readonly List<JournalEntry> _entries = [];

    [Fact]
    public void A_clean_run_has_no_violations()
    {
        Subscribe("s1", 1).Subscribe("s2", 2).Publish(1, 2).Publish(2, 2).Receive("s1", 1).Receive("s2", 1).Receive("s2", 2).Receive("s1", 2);

        var verdict = JournalChecker.Check(_entries);

        Assert.Empty(verdict.Violations);
        Assert.Equal((2, 2), (verdict.Published, verdict.Acknowledged));
        Assert.Equal([2, 2], verdict.Received.Values);
    }

    [Fact]
    public void An_acknowledged_message_that_a_consumer_did_not_get_is_lost()
    {
        Subscribe("s1", 1).Subscribe("hook", 1).Publish(1, 1).Publish(2, 1).Receive("s1", 1).Receive("s1", 2).Receive("hook", 1);

        var violation = AssertOne(ViolationKind.Lost);
        Assert.Contains("p #2", violation.Text, StringComparison.Ordinal);
        Assert.Contains("hook", violation.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_that_was_not_acknowledged_may_be_missing_or_not()
    {
        Subscribe("s1", 1).Add("p", JournalAction.Published, 1, 1).Add("p", JournalAction.Published, 2, 1).Receive("s1", 2);

        Assert.Empty(JournalChecker.Check(_entries).Violations);
    }

    [Fact]
    public void A_consumer_has_no_claim_to_what_was_published_before_it_subscribed()
    {
        Publish(1, 1).Subscribe("s1", 1);

        Assert.Empty(JournalChecker.Check(_entries).Violations);
    }

    [Fact]
    public void A_consumer_has_no_claim_to_topics_it_did_not_subscribe_to()
    {
        _entries.Add(new JournalEntry { T = 0, Client = "s1", Action = JournalAction.Subscribed, Topic = "other/+", Qos = 1 });
        Publish(1, 1);

        Assert.Empty(JournalChecker.Check(_entries).Violations);
    }

    [Fact]
    public void A_second_delivery_at_qos_2_is_a_duplicate()
    {
        Subscribe("s2", 2).Publish(1, 2).Receive("s2", 1).Receive("s2", 1);

        AssertOne(ViolationKind.Duplicated);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void A_second_delivery_below_qos_2_is_allowed(int publishedAt, int subscribedAt)
    {
        Subscribe("s", subscribedAt).Publish(1, publishedAt).Receive("s", 1).Receive("s", 1);

        Assert.Empty(JournalChecker.Check(_entries).Violations);
    }

    [Fact]
    public void A_repetition_within_the_exchange_is_no_second_delivery()
    {
        Subscribe("s2", 2).Publish(1, 2).Receive("s2", 1).Add("s2", JournalAction.Repeated, 1, 2);

        Assert.Empty(JournalChecker.Check(_entries).Violations);
    }

    [Fact]
    public void First_deliveries_out_of_order_are_found()
    {
        Subscribe("s1", 1).Publish(1, 1).Publish(2, 1).Receive("s1", 2).Receive("s1", 1);

        AssertOne(ViolationKind.Reordered);
    }

    [Fact]
    public void A_repeated_delivery_below_qos_2_does_not_count_for_order()
    {
        Subscribe("s1", 1).Publish(1, 1).Publish(2, 1).Receive("s1", 1).Receive("s1", 2).Receive("s1", 1).Receive("s1", 2);

        Assert.Empty(JournalChecker.Check(_entries).Violations);
    }

    [Fact]
    public void A_qos_2_message_with_two_event_ids_was_stored_twice()
    {
        Subscribe("hook", 1).Publish(1, 2).Receive("hook", 1, id: "a-0-1").Receive("hook", 1, id: "a-0-2");

        AssertOne(ViolationKind.StoredTwice);
    }

    [Fact]
    public void A_delivery_again_with_the_same_event_id_is_allowed()
    {
        Subscribe("hook", 1).Publish(1, 2).Receive("hook", 1, id: "a-0-1").Receive("hook", 1, id: "a-0-1");

        Assert.Empty(JournalChecker.Check(_entries).Violations);
    }

    [Fact]
    public void A_delivery_again_after_an_orderly_stop_is_found()
    {
        Subscribe("s1", 1).Publish(1, 1).Receive("s1", 1).Add("server", JournalAction.Stopped, 0, 0).Receive("s1", 1);

        AssertOne(ViolationKind.Redelivered);
    }

    [Fact]
    public void A_message_that_nobody_published_is_found()
    {
        Subscribe("s1", 1).Receive("s1", 9);

        AssertOne(ViolationKind.Invented);
    }

    [Fact]
    public void A_message_on_another_topic_is_found()
    {
        Subscribe("s1", 1).Publish(1, 1).Receive("s1", 1);
        _entries[^1] = _entries[^1] with { Topic = "devices/x/events/other" };

        Assert.Contains(JournalChecker.Check(_entries).Violations, violation => violation.Kind == ViolationKind.Invented);
    }

    [Fact]
    public void A_forgotten_session_is_found()
    {
        Add("s1", JournalAction.SessionLost, 0, 0);

        AssertOne(ViolationKind.SessionLost);
    }

    [Fact]
    public void A_line_reads_back_as_it_was_written()
    {
        var entry = new JournalEntry { T = 12, Client = "c", Action = JournalAction.Published, Publisher = "p", Sequence = 3, Topic = "t/ä", Qos = 2, Dup = true, Id = "i" };

        Assert.Equal(entry, JournalEntry.FromLine("c", entry.ToLine()));
        Assert.Contains("\"action\":\"publish-again\"", entry.ToLine(), StringComparison.Ordinal);
    }

    private Violation AssertOne(ViolationKind kind)
    {
        var violation = Assert.Single(JournalChecker.Check(_entries).Violations);
        Assert.Equal(kind, violation.Kind);
        return violation;
    }

    private JournalCheckerTests Subscribe(string client, int qos)
    {
        _entries.Add(new JournalEntry { T = _entries.Count, Client = client, Action = JournalAction.Subscribed, Topic = "devices/+/events/#", Qos = qos });
        return this;
    }

    private JournalCheckerTests Publish(long sequence, int qos)
        => Add("p", JournalAction.Published, sequence, qos).Add("p", JournalAction.Acknowledged, sequence, qos);

    private JournalCheckerTests Receive(string client, long sequence, string? id = null) => Add(client, JournalAction.Received, sequence, 0, id);

    private JournalCheckerTests Add(string client, JournalAction action, long sequence, int qos, string? id = null)
    {
        _entries.Add(new JournalEntry
        {
            T = _entries.Count,
            Client = client,
            Action = action,
            Publisher = "p",
            Sequence = sequence,
            Topic = "devices/p/events/x",
            Qos = qos,
            Id = id,
        });
        return this;
    }
}
