using Holdfast.Broker.Subscriptions;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Subscriptions;

public sealed class SubscriptionOptionsTests
{
    [Fact]
    public void Every_valid_byte_survives_and_every_other_is_refused()
    {
        var valid = 0;
        for (var value = 0; value <= byte.MaxValue; value++)
        {
            var expected = (value & 3) != 3 && (value >> 4) < 3;
            Assert.Equal(expected, SubscriptionOptions.TryFromByte((byte)value, out var options));
            valid += expected ? 1 : 0;
            if (expected)
            {
                Assert.Equal(value, options.ToByte());
            }
        }

        Assert.Equal(3 * 3 * 4, valid);
    }

    [Fact]
    public void The_bits_are_those_of_the_protocol()
    {
        Assert.True(SubscriptionOptions.TryFromByte(0b0010_1110, out var options));
        Assert.Equal(new SubscriptionOptions(QualityOfService.ExactlyOnce, NoLocal: true, RetainAsPublished: true, RetainHandling.DoNotSend), options);
        Assert.Equal(0b0001_0100, new SubscriptionOptions(QualityOfService.AtMostOnce, NoLocal: true, false, RetainHandling.SendIfNew).ToByte());
    }
}
