using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Holdfast.Testing;

namespace Holdfast.Server.Tests.Management;

/// <summary>A server that admits nobody without credentials, managed by the commands, with the clients that people have.</summary>
public sealed class IdentityTests : IAsyncLifetime
{
    /// <summary>How mosquitto_pub tells a DISCONNECT with 0x87. It would try again for ever, and is ended after a while.</summary>
    private const string NotAuthorized = "DISCONNECT (135)";

    private readonly TemporaryDirectory _directory = new();
    private ServerProcess _server = null!;

    private string Data => _directory.Below("data");

    public async ValueTask InitializeAsync()
    {
        Components.Require("apt-get install mosquitto-clients", "which", "mosquitto_pub");
        TestCertificates.Write(_directory.Below("server.pem"), _directory.Below("server.key"));
        _server = await ServerProcess.StartAsync(new ServerArguments(Data)
        {
            Options =
            [
                "--listen", "mqtts://127.0.0.1:0?client-certificates=required&anonymous=no", "--certificate", _directory.Below("server.pem"), "--key", _directory.Below("server.key"),
                "--listen", "mqtt://127.0.0.1:0?anonymous=no",
            ],
        });
        await RunAsync("product", "add", "acme");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task What_a_product_keeps_is_set_shown_and_widened_again()
    {
        var added = await RunAsync("product", "add", "short", "--retention-age", "30d", "--retention-bytes", "10GB", "--json");
        Assert.Equal((2_592_000, 10_000_000_000), (added.GetProperty("retentionAgeSeconds").GetInt64(), added.GetProperty("retentionBytes").GetInt64()));

        var changed = await RunAsync("product", "set", "short", "--retention-bytes", "none", "--json");

        Assert.Equal(2_592_000, changed.GetProperty("retentionAgeSeconds").GetInt64());
        Assert.Equal(JsonValueKind.Null, changed.GetProperty("retentionBytes").ValueKind);
        Assert.Equal(JsonValueKind.String, changed.GetProperty("keptSince").ValueKind);
        Assert.Equal(2_592_000, (await RunAsync("product", "show", "short", "--json")).GetProperty("retentionAgeSeconds").GetInt64());
    }

    [Fact]
    public async Task A_device_and_a_back_end_come_in_with_what_the_commands_have_printed_until_it_is_revoked()
    {
        var key = (await RunAsync("device", "add", "pump-7", "--product", "acme", "--json")).GetProperty("key").GetString()!;
        var token = (await RunAsync("token", "add", "back", "--product", "acme", "--scope", "subscribe", "--json")).GetProperty("token").GetString()!;
        string[] own = ["-u", "acme/pump-7", "-P", key, "-q", "1", "-m", "x", "-t", "devices/pump-7/events/a"];

        var subscriber = MosquittoAsync("mosquitto_sub", "-u", "token", "-P", token, "-t", "devices/+/events/#", "-C", "1", "-W", "29", "-q", "1", "-i", "s", "-c");
        Assert.Equal(0, (await MosquittoAsync("mosquitto_pub", own)).Code);
        while (!subscriber.IsCompleted)
        {
            await MosquittoAsync("mosquitto_pub", own);
        }

        Assert.Equal((0, "x"), ((await subscriber).Code, (await subscriber).Output.Trim()));
        Assert.NotEqual(0, (await MosquittoAsync("mosquitto_pub", "-q", "1", "-m", "x", "-t", "devices/pump-7/events/a")).Code);
        Assert.Contains(
            NotAuthorized, (await MosquittoAsync("mosquitto_pub", "-d", "-V", "5", "-u", "acme/pump-7", "-P", key, "-q", "1", "-m", "x", "-t", "devices/pump-8/events/a")).Output, StringComparison.Ordinal);

        await RunAsync("device", "revoke", "pump-7", "--product", "acme");
        var (code, output) = await MosquittoAsync("mosquitto_pub", own);
        Assert.NotEqual(0, code);
        Assert.Contains("user name or password", output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_device_comes_in_with_a_certificate_of_its_products_authority_and_with_no_other()
    {
        var (authority, authorityKey) = WriteAuthority("authority.pem");
        using (authority)
        using (authorityKey)
        {
            Issue(authority, "pump-9", "pump-9");
        }

        var (stranger, strangerKey) = WriteAuthority("stranger.pem");
        using (stranger)
        using (strangerKey)
        {
            Issue(stranger, "pump-9", "forged");
        }

        await RunAsync("device", "add", "pump-9", "--product", "acme");
        await RunAsync("product", "authority", "add", "works", "--product", "acme", "--file", _directory.Below("authority.pem"));
        var port = SecurePort();

        Assert.Equal(0, (await SecureAsync("pump-9", "devices/pump-9/events/a")).Code);
        Assert.NotEqual(0, (await SecureAsync("forged", "devices/pump-9/events/a")).Code);
        Assert.Contains(NotAuthorized, (await SecureAsync("pump-9", "devices/pump-8/events/a")).Output, StringComparison.Ordinal);
        Assert.NotEqual(0, (await MosquittoAsync("mosquitto_pub", ["-p", $"{port}", "--cafile", _directory.Below("server.pem"), "-q", "1", "-m", "x", "-t", "devices/pump-9/events/a"])).Code);

        Task<(int Code, string Output)> SecureAsync(string certificate, string topic) => MosquittoAsync(
            "mosquitto_pub", "-d", "-V", "5", "-p", $"{port}", "--cafile", _directory.Below("server.pem"), "--cert", _directory.Below($"{certificate}.pem"), "--key", _directory.Below($"{certificate}.key"),
            "-q", "1", "-m", "x", "-t", topic);
    }

    [Fact]
    public async Task A_certificate_of_an_intermediate_authority_is_sent_with_the_intermediates_own()
    {
        var (root, rootKey) = WriteAuthority("root.pem");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Factory 7", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using (root)
        using (rootKey)
        using (var issued = request.Create(root, root.NotBefore, root.NotAfter, RandomNumberGenerator.GetBytes(8)))
        using (var factory = issued.CopyWithPrivateKey(key))
        {
            Issue(factory, "pump-3", "alone");
            File.Copy(_directory.Below("alone.key"), _directory.Below("chain.key"));
            File.WriteAllText(_directory.Below("chain.pem"), File.ReadAllText(_directory.Below("alone.pem")) + "\n" + issued.ExportCertificatePem());
        }

        await RunAsync("device", "add", "pump-3", "--product", "acme");
        await RunAsync("product", "authority", "add", "root", "--product", "acme", "--file", _directory.Below("root.pem"));

        Assert.Equal((0, ""), await PublishAsync("chain"));
        Assert.NotEqual(0, (await PublishAsync("alone")).Code);

        Task<(int Code, string Output)> PublishAsync(string certificate) => MosquittoAsync(
            "mosquitto_pub", "-V", "5", "-p", $"{SecurePort()}", "--cafile", _directory.Below("server.pem"), "--cert", _directory.Below($"{certificate}.pem"), "--key", _directory.Below($"{certificate}.key"),
            "-q", "1", "-m", "x", "-t", "devices/pump-3/events/a");
    }

    private int SecurePort()
    {
        const string Line = "listening mqtts://127.0.0.1:";
        var text = _server.Output[(_server.Output.IndexOf(Line, StringComparison.Ordinal) + Line.Length)..];
        return int.Parse(text[..text.IndexOf('\n', StringComparison.Ordinal)], null);
    }

    private (X509Certificate2 Certificate, ECDsa Key) WriteAuthority(string file)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Works of acme", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        File.WriteAllText(_directory.Below(file), certificate.ExportCertificatePem());
        return (certificate, key);
    }

    private void Issue(X509Certificate2 authority, string device, string file)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={device}", key, HashAlgorithmName.SHA256);
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(_directory.Below($"{file}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(_directory.Below($"{file}.key"), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Runs a command of this program, as the user of the data directory.</summary>
    private async Task<JsonElement> RunAsync(params string[] command)
    {
        using var terminal = new TestTerminal();
        var code = await terminal.RunAsync([.. command, "--server", $"http://127.0.0.1:{_server.HttpPort}", "--data", Data]);
        Assert.True(code == 0, terminal.Error);
        return command.Contains("--json") ? JsonElement.Parse(terminal.Output) : default;
    }

    private async Task<(int Code, string Output)> MosquittoAsync(string program, params string[] arguments)
    {
        string[] port = arguments.Contains("-p") ? [] : ["-p", $"{_server.MqttPort}"];
        using var process = Process.Start(new ProcessStartInfo("timeout", [arguments.Contains("-d") ? "12" : "30", program, "-h", "127.0.0.1", .. port, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }
}
