using Holdfast.Broker.Publishing;
using Holdfast.Broker.Reading;
using Holdfast.Broker.Topics;
using Holdfast.Log.Partitions;
using Holdfast.Log.TestKit;

namespace Holdfast.Broker.Tests.Reading;

public sealed class EventCursorTests : IAsyncDisposable
{
    private readonly MemoryPartitionLog _log = new();

    public ValueTask DisposeAsync() => _log.DisposeAsync();

    /// <summary>The same store after a restore of what it was when each partition had five records.</summary>
    private static MemoryPartitionLog Restored()
        => new() { Incarnations = new Incarnations("after", [new EarlierIncarnation("memory", [.. Enumerable.Repeat(5L, Partitioning.DefaultPartitionCount)])]) };

    [Fact]
    public void A_cursor_survives_being_text_at_every_position()
    {
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var positions = Enumerable.Range(0, 16).Select(_ => random.NextInt64(1L << random.Next(1, 48))).ToArray();
            var cursor = EventCursor.Create(_log, Everything(), p => positions[p]);
            cursor.MoveTo(round % 16, positions[round % 16] = random.NextInt64(1L << 48));

            Assert.Equal(EventCursorStatus.Valid, EventCursor.TryParse(cursor.ToString(), _log, out var parsed));
            Assert.Equal(positions, Enumerable.Range(0, 16).Select(parsed!.Position));
            Assert.Equal(cursor.ToString(), parsed.ToString());
        }
    }

    [Fact]
    public void A_cursor_holds_no_other_partitions_than_it_needs()
    {
        var cursor = EventCursor.Create(_log, Device("pump-7"), _ => 5);

        Assert.Equal(28, cursor.ToString().Length);
        Assert.Equal(1, Enumerable.Range(0, 16).Count(cursor.Holds));
        Assert.Equal(EventCursorStatus.Valid, EventCursor.TryParse(cursor.ToString(), _log, out var parsed));
        Assert.Equal(Enumerable.Range(0, 16).Where(cursor.Holds), Enumerable.Range(0, 16).Where(parsed!.Holds));
    }

    [Fact]
    public void A_cursor_of_another_life_of_the_store_is_known_as_such()
    {
        var cursor = EventCursor.Create(new MemoryPartitionLog(incarnation: "another"), Everything(), _ => 5);

        Assert.Equal(EventCursorStatus.OtherIncarnation, EventCursor.TryParse(cursor.ToString(), _log, out var parsed));
        Assert.Null(parsed);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public async Task A_cursor_from_before_a_restore_is_valid_as_far_as_the_backup_reached(int position, bool isValid)
    {
        var cursor = EventCursor.Create(_log, Everything(), _ => position);
        await using var restored = Restored();

        Assert.Equal(isValid ? EventCursorStatus.Valid : EventCursorStatus.OtherIncarnation, EventCursor.TryParse(cursor.ToString(), restored, out var parsed));
        Assert.Equal(isValid ? position : null, parsed?.Position(3));
        Assert.Equal(EventCursorStatus.Valid, EventCursor.TryParse(parsed?.ToString() ?? EventCursor.Create(restored, Everything(), _ => 6).ToString(), restored, out _));
    }

    [Fact]
    public async Task An_event_keeps_the_id_of_the_life_in_which_it_was_stored()
    {
        await using var log = Restored();
        Assert.Equal("memory-2-4", EventId.Format(log.Incarnations, 2, 4));
        Assert.Equal("after-2-5", EventId.Format(log.Incarnations, 2, 5));
        Assert.Equal("after-2-5", EventId.Format(new char[EventId.LengthLimit(log.Incarnations)], log.Incarnations, 2, 5).ToString());

        Assert.True(EventId.TryParse("memory-2-4", log.Incarnations, out var partition, out var offset));
        Assert.Equal((2, 4), (partition, offset));
        Assert.True(EventId.TryParse("after-2-5", log.Incarnations, out _, out _));
        foreach (var other in new[] { "memory-2-5", "after-2-4", "memory-16-0", "-2-4", "memory-2", "memory--4", "2-4", "other-2-4", "memory-2-4 ", "" })
        {
            Assert.False(EventId.TryParse(other, log.Incarnations, out _, out _), other);
        }
    }

    [Fact]
    public void Whatever_else_a_client_sends_is_no_cursor_and_never_an_exception()
    {
        var random = new Random(11);
        var valid = EventCursor.Create(_log, Everything(), p => p * 1000).ToString();
        const string Characters = "ABCxyz019-_+/= \n\0é€";
        var accepted = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var text = valid.ToCharArray(0, random.Next(4) == 0 ? valid.Length : random.Next(valid.Length + 1));
            for (var change = random.Next(1, 4); change > 0 && text.Length > 0; change--)
            {
                text[random.Next(text.Length)] = Characters[random.Next(Characters.Length)];
            }

            var status = EventCursor.TryParse(new string(text), _log, out var parsed);
            Assert.Equal(status == EventCursorStatus.Valid, parsed is not null);
            accepted += parsed is null ? 0 : 1;
            Assert.True(parsed is null || parsed.ToString() == new string(text));
        }

        Assert.InRange(accepted, 1, 5000);
        foreach (var text in new[] { "", "A", "AAAA", new string('A', 20), new string('_', 20), new string('A', 100_000), new string('_', 532) })
        {
            Assert.NotEqual(EventCursorStatus.Valid, EventCursor.TryParse(text, _log, out _));
        }
    }

    [Fact]
    public void An_offset_that_has_no_room_is_refused()
    {
        var cursor = EventCursor.Create(_log, Everything(), _ => 0);

        Assert.Throws<ArgumentOutOfRangeException>(() => cursor.MoveTo(0, 1L << 48));
        Assert.Throws<ArgumentOutOfRangeException>(() => cursor.MoveTo(0, -1));
    }

    private static EventScope Everything() => Scope("#", null);

    private static EventScope Device(string device) => Scope("#", device);

    private static EventScope Scope(string filter, string? device)
    {
        Assert.True(TopicFilter.TryParse(filter, out var parsed, out _));
        return new EventScope("default", parsed, 16, device);
    }
}
