using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Device.Tests.EndToEnd.Links;

/// <summary>One server with every kind of listener.</summary>
public sealed class SecureServer : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();

    internal ServerProcess Process { get; private set; } = null!;

    /// <summary>The server's certificate, which is its own authority.</summary>
    public X509Certificate2 Certificate { get; private set; } = null!;

    public IReadOnlyDictionary<string, int> Ports { get; } = new[] { "mqtts", "ws", "wss" }.ToDictionary(s => s, _ => FreePorts.Take());

    public async ValueTask InitializeAsync()
    {
        var (certificate, key) = (_directory.Below("certificate.pem"), _directory.Below("key.pem"));
        TestCertificates.Write(certificate, key);
        Certificate = X509CertificateLoader.LoadCertificateFromFile(certificate);
        Process = await ServerProcess.StartAsync(new ServerArguments(_directory.Below("data"))
        {
            Options = [.. Ports.SelectMany(p => (string[])["--listen", $"{p.Key}://127.0.0.1:{p.Value}"]), "--certificate", certificate, "--key", key],
        });
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _directory.Dispose();
    }
}
