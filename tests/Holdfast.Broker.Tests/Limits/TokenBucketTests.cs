using Holdfast.Broker.Limits;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Broker.Tests.Limits;

public sealed class TokenBucketTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Fact]
    public void A_second_is_saved_up_and_then_each_waits_behind_those_before_him()
    {
        var bucket = new TokenBucket(10, _time);

        Assert.Equal(TimeSpan.Zero, bucket.Take(10));
        Assert.Equal(TimeSpan.FromSeconds(0.1), bucket.Take(1));
        Assert.Equal(TimeSpan.FromSeconds(0.2), bucket.Take(1));
        Assert.False(bucket.IsFull);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(TimeSpan.FromSeconds(0.1), bucket.Take(1));
        bucket.GiveBack(1);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(bucket.IsFull);
        Assert.Equal(TimeSpan.Zero, bucket.Take(10));
    }

    [Fact]
    public void Nobody_pays_for_longer_than_a_minute_for_what_another_took()
    {
        var bucket = new TokenBucket(1, _time);

        bucket.Take(1_000_000);

        Assert.Equal(TimeSpan.FromSeconds(60), bucket.Take(1));
    }
}
