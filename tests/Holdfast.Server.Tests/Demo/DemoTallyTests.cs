using Holdfast.Server.Demo;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Server.Tests.Demo;

public sealed class DemoTallyTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly DemoTally _tally;

    public DemoTallyTests() => _tally = new DemoTally(_time);

    [Fact]
    public void What_was_acknowledged_and_reached_both_is_not_lost()
    {
        Publish(1, 2);
        Acknowledge(1, 2);
        Deliver(Sink.Subscriber, 1, 2);
        Deliver(Sink.Webhook, 2, 1);
        DemoFigures figures = _tally.Read();
        Assert.Equal((2, 2, 2, 2, 0, 0), (figures.Published, figures.Acknowledged, figures.DeliveredToSubscriber, figures.DeliveredToWebhook, figures.Lost, figures.DuplicatesAfterDeduplication));
    }

    [Fact]
    public void Each_missing_delivery_is_lost()
    {
        Acknowledge(1, 2, 3);
        Deliver(Sink.Subscriber, 1, 3);
        Deliver(Sink.Webhook, 3);
        DemoFigures figures = _tally.Read();
        Assert.Equal((1, 2, 3), (figures.LostToSubscriber, figures.LostToWebhook, figures.Lost));
        Assert.Equal([Key(2)], _tally.Lost(Sink.Subscriber, 10));
    }

    [Fact]
    public void What_was_delivered_without_acknowledgement_is_no_loss()
    {
        Publish(1);
        Deliver(Sink.Subscriber, 1);
        Assert.Equal(0, _tally.Read().Lost);
    }

    [Fact]
    public void A_redelivery_is_counted_apart_and_is_no_duplicate()
    {
        Acknowledge(1);
        Deliver(Sink.Subscriber, 1, 1);
        Deliver(Sink.Webhook, 1, 1, 1);
        DemoFigures figures = _tally.Read();
        Assert.Equal((1, 1, 2, 0), (figures.DeliveredToSubscriber, figures.RedeliveredToSubscriber, figures.RedeliveredToWebhook, figures.DuplicatesAfterDeduplication));
    }

    [Fact]
    public void One_sequence_under_two_event_ids_was_stored_twice()
    {
        _tally.Delivered(Sink.Webhook, Key(1), "a-0-1");
        _tally.Delivered(Sink.Webhook, Key(1), "a-0-2");
        Assert.Equal(1, _tally.Read().DuplicatesAfterDeduplication);
    }

    [Fact]
    public void An_event_that_lost_its_sequence_counts_as_a_duplicate()
    {
        _tally.Delivered(Sink.Subscriber, null, null);
        Assert.Equal(1, _tally.Read().DuplicatesAfterDeduplication);
        Assert.Equal(0, _tally.Read().DeliveredToSubscriber);
    }

    [Fact]
    public void The_longest_pause_is_between_acknowledgements_and_up_to_the_end_of_publishing()
    {
        Acknowledge(1);
        _time.Advance(TimeSpan.FromSeconds(2));
        Acknowledge(2);
        _time.Advance(TimeSpan.FromSeconds(1));
        Acknowledge(3);
        Assert.Equal(TimeSpan.FromSeconds(2), _tally.Read().LongestPause);
        _time.Advance(TimeSpan.FromSeconds(3));
        _tally.StopMeasuringPauses();
        _time.Advance(TimeSpan.FromSeconds(9));
        Acknowledge(4);
        Assert.Equal(TimeSpan.FromSeconds(3), _tally.Read().LongestPause);
    }

    private static EventKey Key(int sequence) => new("s", (ulong)sequence);

    private void Publish(params int[] sequences) => Array.ForEach(sequences, _ => _tally.Published());

    private void Acknowledge(params int[] sequences) => Array.ForEach(sequences, sequence => _tally.Acknowledged(Key(sequence)));

    private void Deliver(Sink sink, params int[] sequences) => Array.ForEach(sequences, sequence => _tally.Delivered(sink, Key(sequence), $"id-{sequence}"));
}
