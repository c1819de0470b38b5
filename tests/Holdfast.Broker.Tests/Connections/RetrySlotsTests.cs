using System.Globalization;
using Holdfast.Broker.Health;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Broker.Tests.Connections;

public sealed class RetrySlotsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RetrySlots _slots;

    public RetrySlotsTests() => _slots = new RetrySlots(100, _time);

    [Fact]
    public void Clients_that_are_sent_away_at_once_come_back_one_after_another()
        => Assert.Equal([1, 1.01, 1.02, 1.03], Enumerable.Range(0, 4).Select(_ => Take()));

    [Fact]
    public void Slots_that_have_passed_are_not_given_again_and_none_lies_too_far_away()
    {
        Take();
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, Take());
        for (var client = 0; client < 10_000; client++)
        {
            Take();
        }

        Assert.Equal(RetrySlots.Latest.TotalSeconds, Take());
    }

    private double Take() => double.Parse(_slots.Take().Value, CultureInfo.InvariantCulture);
}
