using System.CommandLine;
using System.Net;
using Holdfast.Server.CommandLine;
using Holdfast.Transport.Tls;

namespace Holdfast.Server.Tests.CommandLine;

public sealed class ServeArgumentsTests
{
    [Fact]
    public void Nothing_given_gives_the_defaults()
    {
        ServeOptions options = Parse();
        Assert.Equal("./data", options.Data);
        Assert.Equal(["mqtt://127.0.0.1:1883", "http://127.0.0.1:8080"], options.Listen.Select(url => url.ToString()));
        Assert.False(options.AllowAnonymous);
        Assert.Equal(TimeSpan.FromSeconds(10), options.AckDeadline);
        Assert.Equal(256_000_000, options.MinFreeBytes);
        Assert.Equal(TimeSpan.FromDays(7), options.RetentionAge);
        Assert.Null(options.RetentionBytes);
        Assert.Equal(256_000, options.MaximumPayloadBytes);
        Assert.Equal(64 * 1024 * 1024, options.SegmentBytes);
        Assert.False(options.Json);
    }

    [Fact]
    public void Everything_given_is_taken()
    {
        ServeOptions options = Parse(
            "--data", "d", "--listen", "mqtt://0.0.0.0:1", "--listen", "http://[::1]:2", "--allow-anonymous", "--ack-deadline", "500ms", "--min-free", "1GB",
            "--listen", "mqtts://127.0.0.1:3", "--certificate", "c.pem", "--key", "k.pem", "--allow-origin", "https://a.example",
            "--maximum-keep-alive", "5m", "--server-reference", "other:8883",
            "--retention-age", "2d", "--retention-bytes", "3GB", "--maximum-payload", "1MB", "--segment-bytes", "128KiB", "--json");
        Assert.Equal("d", options.Data);
        Assert.Equal(["mqtt://0.0.0.0:1", "http://[::1]:2", "mqtts://127.0.0.1:3"], options.Listen.Select(url => url.ToString()));
        Assert.True(options.AllowAnonymous);
        Assert.Equal(TimeSpan.FromMilliseconds(500), options.AckDeadline);
        Assert.Equal(1_000_000_000, options.MinFreeBytes);
        Assert.Equal(TimeSpan.FromDays(2), options.RetentionAge);
        Assert.Equal(3_000_000_000, options.RetentionBytes);
        Assert.Equal(1_000_000, options.MaximumPayloadBytes);
        Assert.Equal(131_072, options.SegmentBytes);
        Assert.True(options.Json);
        Assert.Equal(new CertificateFiles("c.pem", "k.pem", null), options.Certificate);
        Assert.Equal(["https://a.example"], options.AllowedOrigins);
        Assert.Equal((TimeSpan.FromMinutes(5), "other:8883"), (options.MaximumKeepAlive, options.ServerReference));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false, "--allow-webhook-network", "10.1.0.0/16", "--allow-webhook-network", "fd00::/8")]
    [InlineData(true, true, "--allow-private-webhooks")]
    public void Webhooks_go_to_private_networks_only_when_allowed(bool allowsNetwork, bool allowsLoopback, params string[] arguments)
    {
        ServeOptions options = Parse(arguments);

        Assert.Equal((allowsNetwork, allowsLoopback), (options.WebhookAddresses.Allows(IPAddress.Parse("10.1.2.3")), options.WebhookAddresses.Allows(IPAddress.Loopback)));
    }

    [Fact]
    public void The_password_of_a_key_comes_from_a_file()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "secret\n");
        Assert.Equal("secret", Parse("--certificate", "c.pem", "--certificate-password-file", file).Certificate!.Password);
        File.Delete(file);
    }

    [Theory]
    [InlineData("--ack-deadline", "10")]
    [InlineData("--ack-deadline", "0s")]
    [InlineData("--min-free", "much")]
    [InlineData("--maximum-payload", "0")]
    [InlineData("--maximum-payload", "1TB")]
    [InlineData("--segment-bytes", "1kB")]
    [InlineData("--listen", "wss://127.0.0.1")]
    [InlineData("--key", "k.pem")]
    [InlineData("--allow-webhook-network", "10.1.2.3/16")]
    [InlineData("--unknown", "1")]
    public async Task A_wrong_value_is_one_line_that_names_it_and_exit_code_2(string option, string value)
    {
        var terminal = new TestTerminal();
        Assert.Equal(2, await terminal.RunAsync("serve", option, value));
        Assert.Contains(option, terminal.Error, StringComparison.Ordinal);
        Assert.StartsWith("holdfast serve: ", terminal.Error, StringComparison.Ordinal);
        Assert.Equal(1, terminal.Error.Count(character => character == '\n'));
        Assert.Empty(terminal.Output);
    }

    private static ServeOptions Parse(params string[] arguments)
    {
        var serve = new ServeArguments();
        ParseResult result = serve.Build().Parse(arguments);
        Assert.Empty(result.Errors);
        return serve.Bind(result);
    }
}
