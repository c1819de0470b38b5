using Holdfast.Testing;

namespace Holdfast.Clients;

/// <summary>A server for the tests of one class; one that dies comes back with its data on its port.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private ServerArguments? _arguments;
    private ServerProcess? _server;

    /// <summary>The port of MQTT, which stays.</summary>
    public int Port => _arguments!.MqttPort;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _arguments = new ServerArguments(_directory.Below("data")) { MqttPort = FreePorts.Take(), HttpPort = FreePorts.Take() };
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
