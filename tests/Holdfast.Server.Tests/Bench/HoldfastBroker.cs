using System.Globalization;
using Holdfast.Server.Demo;

namespace Holdfast.Server.Tests.Bench;

/// <summary>This build's broker as a process of its own, for as long as a test class runs.</summary>
public sealed class HoldfastBroker : IAsyncLifetime
{
    private BrokerProcess? _process;

    public string Port => _process!.Mqtt!.Port.ToString(CultureInfo.InvariantCulture);

    public string ProcessId => _process!.Id.ToString(CultureInfo.InvariantCulture);

    public string Data { get; } = Directory.CreateTempSubdirectory().FullName;

    public async ValueTask InitializeAsync() => _process = await BrokerProcess.StartAsync(
        new BrokerProgram(Path.Combine(AppContext.BaseDirectory, "holdfast"), []), Data, 0, 0, TimeSpan.FromSeconds(60), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _process!.DisposeAsync();
        Directory.Delete(Data, recursive: true);
    }
}
