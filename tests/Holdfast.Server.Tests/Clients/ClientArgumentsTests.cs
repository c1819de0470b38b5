using System.CommandLine;
using Holdfast.Server.Clients;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Holdfast.Server.Tests.Clients;

public sealed class ClientArgumentsTests
{
    [Fact]
    public void The_options_of_mosquitto_pub_are_understood()
    {
        PubOptions options = Pub(
            "-h", "broker", "-p", "1884", "-t", "a/b", "-m", "-5 @x", "-q", "2", "-r", "-i", "me", "-u", "user", "-P", "secret", "-k", "7", "-c", "-V", "mqttv5",
            "-D", "PUBLISH", "user-property", "n", "v", "--will-topic", "w", "--will-payload", "gone", "--will-qos", "1", "--will-retain",
            "--repeat", "3", "--repeat-delay", "0.5", "-M", "5", "-d");
        Assert.Equal(("broker", 1884, "me", "user", "secret", 7), (options.Client.Host, options.Client.Port, options.Client.ClientId, options.Client.UserName, options.Client.Password, options.Client.KeepAliveSeconds));
        Assert.Equal(("a/b", "-5 @x", PayloadSource.Text, true), (options.Topic, options.Text, options.Source, options.Retain));
        Assert.Equal((3, TimeSpan.FromSeconds(0.5), 5), (options.Repeat, options.RepeatDelay, options.Window));
        Assert.Equal(MqttQualityOfServiceLevel.ExactlyOnce, options.Client.QualityOfService);
        Assert.False(options.Client.CleanStart);
        Assert.Equal(uint.MaxValue, options.Client.SessionExpirySeconds);
        Assert.Equal(new CommandProperty("publish", "user-property", "n", "v"), Assert.Single(options.Client.Properties));
        Assert.Equal(("w", MqttQualityOfServiceLevel.AtLeastOnce, true), (options.Client.Will!.Topic, options.Client.Will.QualityOfService, options.Client.Will.Retain));
        Assert.Equal("gone"u8.ToArray(), options.Client.Will.Payload);
    }

    [Fact]
    public void A_url_gives_everything_at_once()
    {
        PubOptions options = Pub("-L", "mqtt://us%40er:pa%3Ass@[::1]:99/a/b%20c", "-n");
        Assert.Equal(("::1", 99, "us@er", "pa:ss", "a/b c"), (options.Client.Host, options.Client.Port, options.Client.UserName, options.Client.Password, options.Topic));
    }

    [Fact]
    public void The_options_of_mosquitto_sub_are_understood()
    {
        SubOptions options = Sub("-t", "a/#", "-t", "b", "-T", "a/x", "-U", "old", "-C", "3", "-W", "1.5", "-v", "-N", "-R", "-E", "-V", "311", "-x", "60");
        Assert.Equal(["a/#", "b"], options.Filters);
        Assert.Equal(["a/x"], options.FilterOut);
        Assert.Equal(["old"], options.Unsubscribe);
        Assert.Equal((3, TimeSpan.FromSeconds(1.5)), (options.Count, options.TimeLimit));
        Assert.True(options is { NoLineEnd: true, SkipRetained: true, ExitAfterSubscribe: true, RetainedOnly: false, RemoveRetained: false });
        Assert.Equal((MqttProtocolVersion.V311, 60u), (options.Client.Version, options.Client.SessionExpirySeconds));
    }

    [Fact]
    public void Clients_have_different_identifiers_and_a_prefix_when_wanted()
    {
        Assert.Equal($"x-{Environment.ProcessId}", Pub("-t", "a", "-n", "-I", "x-").Client.ClientId);
        Assert.NotEqual(Pub("-t", "a", "-n").Client.ClientId, Sub("-t", "a").Client.ClientId);
    }

    [Theory]
    [InlineData("give a topic", "pub", "-m", "x")]
    [InlineData("a message goes to one topic", "pub", "-t", "a/+", "-m", "x")]
    [InlineData("give one message", "pub", "-t", "a")]
    [InlineData("give one message", "pub", "-t", "a", "-m", "x", "-l")]
    [InlineData("-V 4", "pub", "-t", "a", "-m", "x", "-V", "4")]
    [InlineData("-D needs MQTT 5", "pub", "-t", "a", "-m", "x", "-V", "311", "-D", "PUBLISH", "content-type", "x")]
    [InlineData("-x never", "sub", "-t", "a", "-x", "never")]
    [InlineData("add -i ID", "sub", "-t", "a", "-c")]
    [InlineData("give a topic filter", "sub")]
    [InlineData("-W: write seconds", "sub", "-t", "a", "-W", "0")]
    [InlineData("-F:", "sub", "-t", "a", "-F", "%z")]
    [InlineData("-L http://x", "sub", "-L", "http://x")]
    [InlineData("-q 3", "sub", "-t", "a", "-q", "3")]
    [InlineData("-k -1", "sub", "-t", "a", "-k", "-1")]
    public async Task A_wrong_command_line_is_exit_code_2(string advice, params string[] arguments)
    {
        var terminal = new TestTerminal();
        Assert.Equal(2, await terminal.RunAsync(arguments));
        Assert.Contains(advice, terminal.Error, StringComparison.Ordinal);
        Assert.Equal(1, terminal.Error.Count(character => character == '\n'));
    }

    private static PubOptions Pub(params string[] arguments)
    {
        var pub = new PubArguments();
        ParseResult result = Parse(pub.Build(new TestTerminal().Terminal), arguments);
        Assert.Null(pub.TryBind(result, out PubOptions? options));
        return options!;
    }

    private static SubOptions Sub(params string[] arguments)
    {
        var sub = new SubArguments();
        ParseResult result = Parse(sub.Build(new TestTerminal().Terminal), arguments);
        Assert.Null(sub.TryBind(result, out SubOptions? options));
        return options!;
    }

    private static ParseResult Parse(Command command, string[] arguments)
    {
        ParseResult result = command.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        Assert.Empty(result.Errors);
        return result;
    }
}
