using Holdfast.Clients.Drivers;
using Holdfast.Testing;

namespace Holdfast.Clients;

/// <summary>A server for the tests of one class; one that dies comes back with its data on its port.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private ServerArguments? _arguments;
    private ServerProcess? _server;

    /// <summary>The certificate of the listeners with TLS.</summary>
    public string CertificateFile => _directory.Below("certificate.pem");

    /// <summary>The port of each carrier, which stays.</summary>
    public IReadOnlyDictionary<Carrier, int> Ports { get; } = Enum.GetValues<Carrier>().ToDictionary(carrier => carrier, _ => FreePorts.Take());

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var keyFile = _directory.Below("key.pem");
        TestCertificates.Write(CertificateFile, keyFile);
        _arguments = new ServerArguments(_directory.Below("data"))
        {
            MqttPort = Ports[Carrier.Tcp],
            HttpPort = FreePorts.Take(),
            Options =
            [
                "--listen", $"mqtts://127.0.0.1:{Ports[Carrier.Tls]}", "--listen", $"ws://127.0.0.1:{Ports[Carrier.WebSocket]}",
                "--listen", $"wss://127.0.0.1:{Ports[Carrier.WebSocketOverTls]}", "--certificate", CertificateFile, "--key", keyFile,
            ],
        };
        _server = await ServerProcess.StartAsync(_arguments);
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _server!.KillAsync();

    /// <summary>Starts the server again after <see cref="KillAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        await _server!.DisposeAsync();
        _server = await ServerProcess.StartAsync(_arguments!);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _directory.Dispose();
    }
}
