using System.Text;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Tests.Topics;

public sealed class TopicNameTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("/", true)]
    [InlineData("$SYS/x", true)]
    [InlineData("", false)]
    [InlineData("a/+", false)]
    [InlineData("#", false)]
    [InlineData("a\0", false)]
    public void A_topic_name_has_a_character_and_neither_wildcard_nor_null(string topic, bool expected)
        => Assert.Equal(expected, TopicName.IsValid(Encoding.UTF8.GetBytes(topic)));

    [Fact]
    public void The_limits_of_length_and_levels_hold_exactly()
    {
        Assert.True(TopicName.IsValid(Encoding.UTF8.GetBytes(new string('a', 65_535))));
        Assert.False(TopicName.IsValid(Encoding.UTF8.GetBytes(new string('a', 65_536))));
        Assert.True(TopicName.IsAccepted(Encoding.UTF8.GetBytes(new string('/', 127))));
        Assert.False(TopicName.IsAccepted(Encoding.UTF8.GetBytes(new string('/', 128))));
        Assert.False(TopicName.IsValid(Encoding.UTF8.GetBytes(new string('/', 128))));
    }

    [Fact]
    public void Broken_utf8_is_no_topic_name() => Assert.False(TopicName.IsValid([0x61, 0xC3]));
}
