using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Device;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Devices;

/// <summary>The options that <c>agent</c> and <c>fleet</c> have in common: how devices reach the cloud.</summary>
internal sealed class DeviceArguments
{
    private readonly Option<string[]> _endpoints = new("--endpoint")
    {
        Description = "Where the cloud is: mqtt://, mqtts://, ws:// or wss://. Repeatable, the preferred one first. [default: mqtt://127.0.0.1:1883]",
        HelpName = "URL",
    };

    private readonly Option<string?> _userName = ValueOptions.Text("-u", "NAME", "The user name: PRODUCT/DEVICE, or token.", "--username");
    private readonly Option<string?> _passwordFile = ValueOptions.Text("--password-file", "FILE", "A file with the device key or the token.");
    private readonly Option<string?> _trusted = ValueOptions.Text("--ca", "FILE", "Trust the certificates in this PEM file instead of the system's.", "--cafile");
    private readonly Option<string[]> _pins = new("--pin") { Description = "Accept only a server certificate with this SHA-256 digest in hexadecimal. Repeatable.", HelpName = "DIGEST" };
    private readonly Option<string?> _certificate = ValueOptions.Text("--cert", "FILE", "The device's own certificate in PEM.");
    private readonly Option<string?> _key = ValueOptions.Text("--key", "FILE", "The key of --cert in PEM, if it is not in the same file.");
    private readonly Option<TimeSpan?> _ackDeadline = ValueOptions.Duration("--ack-deadline", "A publish that is unacknowledged for longer proves the connection useless.", TimeSpan.FromSeconds(10));

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_endpoints, _userName, _passwordFile, _trusted, _pins, _certificate, _key, _ackDeadline])
        {
            command.Add(option);
        }
    }

    /// <summary>Reads the options.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="deviceId">The device's id.</param>
    /// <param name="options">The device's options.</param>
    /// <returns>What is wrong and what to do, or null.</returns>
    public string? TryBind(ParseResult result, string deviceId, out DeviceOptions options)
    {
        options = new DeviceOptions { DeviceId = deviceId, Endpoints = [new Uri("mqtt://127.0.0.1:1883")] };
        var endpoints = new List<Uri>();
        foreach (string text in result.GetValue(_endpoints) ?? [])
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("mqtt" or "mqtts" or "ws" or "wss") || url.Host.Length == 0)
            {
                return $"--endpoint {text}: write it as mqtt://HOST[:PORT], or with mqtts://, ws:// or wss://.";
            }

            endpoints.Add(url);
        }

        try
        {
            options = options with
            {
                Endpoints = endpoints.Count > 0 ? endpoints : options.Endpoints,
                UserName = result.GetValue(_userName),
                Password = result.GetValue(_passwordFile) is { } file ? File.ReadAllText(file).Trim() : null,
                TrustedAuthorities = result.GetValue(_trusted) is { } trusted ? ReadCertificates(trusted) : null,
                PinnedCertificates = result.GetValue(_pins) ?? [],
                ClientCertificate = result.GetValue(_certificate) is { } certificate ? X509Certificate2.CreateFromPemFile(certificate, result.GetValue(_key)) : null,
                AckDeadline = result.GetValue(_ackDeadline) ?? options.AckDeadline,
            };
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"a file of --password-file, --ca, --cert or --key cannot be read: {exception.Message}";
        }
    }

    private static X509Certificate2Collection ReadCertificates(string file)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(file);
        return certificates;
    }
}
