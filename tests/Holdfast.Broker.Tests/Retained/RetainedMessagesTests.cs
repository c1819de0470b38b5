using System.Text;
using CsCheck;
using Holdfast.Broker.Retained;
using Holdfast.Broker.Tests.Topics;
using Holdfast.Broker.Topics;
using Holdfast.Log.Records;

namespace Holdfast.Broker.Tests.Retained;

public sealed class RetainedMessagesTests
{
    private static readonly long[] All = [.. Enumerable.Repeat(long.MaxValue, 16)];

    // Of five matches a walk remembers the places, of more it looks at all.
    private readonly RetainedMessages _retained = new(mostRemembered: 5);
    private long _offset;

    [Fact]
    public void A_retained_publish_is_kept_with_its_record_and_place()
    {
        var record = Record("a/b", "payload");
        _retained.Apply(RecordView.ReadFirst(3, 42, record));
        var message = Assert.Single(Collect("a/b"));
        Assert.Equal(3, message.Partition);
        Assert.Equal(42, message.Offset);
        Assert.Equal(record, message.Record.ToArray());
        Assert.Equal("a/b", Encoding.UTF8.GetString(message.Topic));
        Assert.Equal("payload", Encoding.UTF8.GetString(message.Read().Payload));
    }

    [Fact]
    public void The_record_is_copied()
    {
        var record = Record("a", "payload");
        _retained.Apply(RecordView.ReadFirst(0, 1, record));
        record.AsSpan().Clear();
        Assert.Equal(["a=payload"], Texts("#"));
    }

    /// <summary>Who looks for retained messages holds up all deliveries: a filter with many ways and no match must not look at all of them in one go.</summary>
    [Fact]
    public void A_wildcard_that_leads_many_ways_is_looked_through_in_pieces()
    {
        var nothing = Filter("a/+/x");
        Publish("a/1/b", "1");
        Assert.False(_retained.Any("p"u8, nothing));
        for (var number = 2; number < 10_000; number++)
        {
            Publish($"a/{number}/b", "1");
        }

        Publish("a/77/c", "2");

        Assert.True(_retained.Any("p"u8, nothing));
        Assert.Equal([], Texts("a/+/x"));
        Assert.Equal(["a/77/c=2"], Texts("a/+/c"));
    }

    [Fact]
    public void A_later_publish_replaces_and_an_empty_one_clears()
    {
        Publish("a", "1");
        Publish("b", "2");
        Publish("a", "3");
        Assert.Equal(["a=3", "b=2"], Texts("#"));
        Assert.Equal(2, _retained.Count);
        Publish("a", "");
        Assert.Equal(["b=2"], Texts("#"));
        Assert.Equal(1, _retained.Count);
        Publish("never set", "");
        Assert.Equal(1, _retained.Count);
    }

    [Fact]
    public void A_publish_that_is_not_retained_changes_nothing()
    {
        _retained.Apply(RecordView.ReadFirst(0, 1, Record("a", "1", retain: false)));
        var probe = new byte[SessionRecord.Size];
        new SessionRecord { Kind = RecordKind.DeliveryReceived, Session = 1, PacketId = 1 }.WriteTo(probe);
        _retained.Apply(RecordView.ReadFirst(0, 2, probe));
        Assert.Equal(0, _retained.Count);
        Assert.Empty(_retained.TakeChanges());
    }

    [Fact]
    public void Older_records_never_win()
    {
        _retained.Apply(RecordView.ReadFirst(0, 10, Record("a", "new")));
        _retained.TakeChanges();
        _retained.Apply(RecordView.ReadFirst(0, 9, Record("a", "old")));
        _retained.Apply(RecordView.ReadFirst(0, 8, Record("a", "")));
        _retained.Apply(RecordView.ReadFirst(0, 10, Record("a", "again")));
        Assert.Equal(["a=new"], Texts("#"));
        Assert.Empty(_retained.TakeChanges());
    }

    [Fact]
    public void Products_do_not_see_each_other()
    {
        Publish("a", "1");
        Publish("a", "2", product: "q");
        Assert.Equal(["a=1"], Texts("#"));
        Publish("a", "");
        Assert.Empty(Texts("#"));
        Assert.Equal(1, _retained.Count);
    }

    [Fact]
    public void Expired_messages_are_not_collected_and_are_removed()
    {
        Publish("a", "1", expiresAt: 1_000);
        Publish("b", "2", expiresAt: 1_001);
        Publish("c", "3");
        _retained.TakeChanges();
        Assert.Equal(["a=1", "b=2", "c=3"], Texts("#", now: 999));
        Assert.Equal(["b=2", "c=3"], Texts("#", now: 1_000));
        Assert.Equal(2, _retained.Count);
        var change = Assert.Single(_retained.TakeChanges());
        Assert.Equal("a", change.Topic);
        Assert.True(change.Record.IsEmpty);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void A_walk_that_goes_back_comes_to_the_same_message_again(int count)
    {
        for (var index = 0; index < count; index++)
        {
            Publish($"a/{index}", "x");
        }

        var walk = new RetainedWalk(Filter("a/+"), All);
        var page = new List<RetainedFinding>();
        Assert.True(_retained.Read("p"u8, walk, 0, 4, page));
        var (message, position) = page[2];
        walk.Position = position;
        Assert.Equal(count - 2, Collect(_retained, "p", walk).Count);
        walk.Position = position;
        _retained.Read("p"u8, walk, 0, 1, page);
        Assert.Same(message, page[0].Message);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(9)]
    public void A_walk_gives_what_was_there_when_it_was_wanted_and_is_still_there(int count)
    {
        for (var index = 0; index < count; index++)
        {
            Publish($"a/{index}", "old");
        }

        var walk = new RetainedWalk(Filter("a/+"), [_offset + 1]);
        var page = new List<RetainedFinding>();
        _retained.Read("p"u8, walk, 0, 1, page);
        Publish("a/1", "replaced: it comes from the log");
        Publish("a/2", "");
        Publish("a/new", "in the place of another");
        Publish("b", "not matched");
        var rest = Collect(_retained, "p", walk);
        Assert.All(rest, message => Assert.Equal("old", Encoding.UTF8.GetString(message.Read().Payload)));
        var expected = Enumerable.Range(0, count).Where(index => index is not (1 or 2)).Select(index => $"a/{index}");
        Assert.Equal(expected, page.Select(finding => finding.Message).Concat(rest).Select(Topic).Except(["a/1", "a/2"]).Order());
        Assert.DoesNotContain(rest, message => Topic(message) is "a/1" or "a/2");
    }

    [Fact]
    public void A_walk_through_a_product_that_has_lost_everything_ends()
    {
        Publish("a", "1");
        Publish("b", "1");
        var walk = new RetainedWalk(Filter("#"), [_offset + 1]);
        var page = new List<RetainedFinding>();
        Assert.True(_retained.Read("p"u8, walk, 0, 1, page));
        Publish("a", "");
        Publish("b", "");
        Assert.False(_retained.Read("p"u8, walk, 0, 1, page));
        Publish("c", "1");
        Assert.Empty(Collect(_retained, "p", walk));
    }

    [Fact]
    public void Messages_are_found_by_where_they_lie()
    {
        for (var index = 1; index <= 5_000; index++)
        {
            Publish($"a/{index}", "x");
        }

        var sought = new Dictionary<(int, long), RetainedMessage?> { [(0, 1)] = null, [(0, 5_000)] = null, [(1, 1)] = null };
        var next = 0;
        while (next >= 0)
        {
            next = _retained.FindAt("p"u8, next, sought);
        }

        Assert.Equal(["a/1", "a/5000", null], sought.Values.Select(message => message is null ? null : Encoding.UTF8.GetString(message.Topic)));
    }

    [Fact]
    public void Changes_are_the_last_of_each_topic()
    {
        Publish("a", "1");
        Publish("a", "2");
        Publish("b", "3");
        Publish("b", "");
        var changes = _retained.TakeChanges().ToDictionary(change => change.Topic);
        Assert.Equal(["a", "b"], changes.Keys.Order());
        Assert.Equal(2, changes["a"].Offset);
        Assert.Equal(Record("a", "2"), changes["a"].Record.ToArray());
        Assert.Equal(4, changes["b"].Offset);
        Assert.True(changes["b"].Record.IsEmpty);
        Assert.Equal("p", changes["a"].Product);
        Assert.Empty(_retained.TakeChanges());
    }

    [Fact]
    public void Changes_that_could_not_be_saved_come_again_unless_newer_ones_came()
    {
        Publish("a", "1");
        Publish("b", "2");
        var failed = _retained.TakeChanges();
        Publish("b", "");
        _retained.PutBack(failed);
        var changes = _retained.TakeChanges().ToDictionary(change => change.Topic);
        Assert.Equal(Record("a", "1"), changes["a"].Record.ToArray());
        Assert.True(changes["b"].Record.IsEmpty);
    }

    [Fact]
    public void What_was_saved_is_loaded_without_counting_as_a_change()
    {
        Publish("a/b", "1");
        Publish(new string('x', 2_000), "2", product: "ü");
        var loaded = new RetainedMessages();
        foreach (var change in _retained.TakeChanges())
        {
            loaded.Load(change);
        }

        Assert.Equal(2, loaded.Count);
        Assert.Empty(loaded.TakeChanges());
        Assert.Equal(2_000, Assert.Single(Collect(loaded, "ü", new RetainedWalk(Filter("#"), All))).Topic.Length);
    }

    [Fact]
    public void Very_deep_topics_are_kept_and_removed()
    {
        var deep = new string('/', 65_000);
        Publish(deep + "a", "1");
        Publish(deep + "b", "2");
        Assert.Equal(2, Collect("#").Count);
        Publish(deep + "a", "");
        Assert.Single(Collect("/#"));
    }

    [Fact]
    public void After_any_changes_it_holds_what_a_dictionary_holds()
        => Gen.Select(
                Gen.Select(TopicGenerators.Topic, Gen.Frequency((2, Gen.Const("x")), (1, Gen.Const("")))).Array[1, 60],
                TopicGenerators.Filter.Array[4])
            .Sample(
                (changes, filters) =>
                {
                    var tests = new RetainedMessagesTests();
                    var model = new Dictionary<string, string>();
                    foreach (var (topic, payload) in changes)
                    {
                        tests.Publish(topic, payload);
                        model[topic] = payload;
                        foreach (var filter in filters)
                        {
                            var expected = model.Where(pair => pair.Value.Length > 0 && FilterOracle.Matches(filter, pair.Key));
                            Assert.Equal(expected.Select(pair => $"{pair.Key}={pair.Value}").Order(), tests.Texts(filter));
                        }
                    }

                    Assert.Equal(model.Count(pair => pair.Value.Length > 0), tests._retained.Count);
                    Assert.All(tests._retained.TakeChanges(), change => Assert.Equal(model[change.Topic].Length == 0, change.Record.IsEmpty));
                },
                iter: 1_000);

    private static string Topic(RetainedMessage message) => Encoding.UTF8.GetString(message.Topic);

    private static TopicFilter Filter(string text)
    {
        Assert.True(TopicFilter.TryParse(text, out var filter, out var problem), problem);
        return filter;
    }

    private static byte[] Record(string topic, string payload, string product = "p", bool retain = true, long expiresAt = 0)
    {
        var publish = new PublishRecord
        {
            Product = Encoding.UTF8.GetBytes(product),
            Publisher = "publisher"u8,
            Topic = Encoding.UTF8.GetBytes(topic),
            Payload = Encoding.UTF8.GetBytes(payload),
            Retain = retain,
            ExpiresAtMilliseconds = expiresAt,
        };
        var record = new byte[publish.Size];
        publish.WriteTo(record);
        return record;
    }

    private void Publish(string topic, string payload, string product = "p", long expiresAt = 0)
        => _retained.Apply(RecordView.ReadFirst(0, ++_offset, Record(topic, payload, product, expiresAt: expiresAt)));

    private List<RetainedMessage> Collect(string filter, long now = 0) => Collect(_retained, "p", new RetainedWalk(Filter(filter), All), now);

    private static List<RetainedMessage> Collect(RetainedMessages retained, string product, RetainedWalk walk, long now = 0, int pageSize = 3)
    {
        var all = new List<RetainedMessage>();
        var page = new List<RetainedFinding>();
        bool isMore;
        do
        {
            isMore = retained.Read(Encoding.UTF8.GetBytes(product), walk, now, pageSize, page);
            Assert.InRange(page.Count, 0, pageSize);
            all.AddRange(page.Select(finding => finding.Message));
        }
        while (isMore);
        return all;
    }

    private string[] Texts(string filter, long now = 0)
        => [.. Collect(filter, now)
            .Select(message => $"{Encoding.UTF8.GetString(message.Topic)}={Encoding.UTF8.GetString(message.Read().Payload)}")
            .Order()];
}
