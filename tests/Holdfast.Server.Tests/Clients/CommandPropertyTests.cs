using Holdfast.Server.Clients;

namespace Holdfast.Server.Tests.Clients;

public sealed class CommandPropertyTests
{
    [Fact]
    public void The_words_of_several_properties_are_told_apart()
    {
        string[] words = ["PUBLISH", "user-property", "a", "b", "publish", "content-type", "text/plain", "Connect", "receive-maximum", "10"];
        Assert.Null(CommandProperty.TryParse(words, out IReadOnlyList<CommandProperty> properties));
        Assert.Equal(
            [
                new CommandProperty("publish", "user-property", "a", "b"),
                new CommandProperty("publish", "content-type", "text/plain", ""),
                new CommandProperty("connect", "receive-maximum", "10", ""),
            ],
            properties);
        Assert.Equal(10u, properties[2].Number);
    }

    [Theory]
    [InlineData("the first word", "PUBLISHED", "user-property", "a", "b")]
    [InlineData("a property of subscribe is one of", "SUBSCRIBE", "content-type", "a")]
    [InlineData("a name and a value", "PUBLISH", "user-property", "a")]
    [InlineData("a value", "PUBLISH", "content-type")]
    [InlineData("a whole number", "PUBLISH", "message-expiry-interval", "soon")]
    public void What_is_wrong_is_said(string advice, params string[] words)
        => Assert.Contains(advice, CommandProperty.TryParse(words, out _), StringComparison.Ordinal);
}
