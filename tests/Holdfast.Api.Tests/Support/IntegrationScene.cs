using Holdfast.Broker.Integrations;
using Holdfast.Integrations;
using Holdfast.Integrations.Network;
using Holdfast.Log.TestKit.State;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Api.Tests.Support;

/// <summary>The API in front of real integrations, which have nowhere to go: nothing listens where they send to.</summary>
internal sealed class IntegrationScene : IAsyncDisposable
{
    public const string Path = "/api/v1/products/default/integrations";

    private IntegrationScene(ReadingScene reading) => Reading = reading;

    public ReadingScene Reading { get; }

    public ApiHost Host => Reading.Host;

    public MemoryStateStore Store { get; private set; } = null!;

    public IntegrationService Service { get; private set; } = null!;

    public static async Task<IntegrationScene> StartAsync(IIntegrationNodes? nodes = null)
    {
        IntegrationService service = null!;
        MemoryStateStore store = null!;
        var scene = new IntegrationScene(await ReadingScene.StartAsync(addServices: (reading, services) =>
        {
            store = new MemoryStateStore(reading.Log.PartitionCount);
            service = new IntegrationService(new IntegrationEnvironment
            {
                Log = reading.Log,
                Feed = reading.Feed,
                Interest = reading.Interests,
                Publisher = reading.Publisher,
                Store = store,
                Addresses = AddressPolicy.AllowAll,
                Logger = NullLogger.Instance,
                TimeProvider = reading.Time,
            });
            services.AddSingleton<IIntegrationRegistry>(service);
            services.AddSingleton(service.Deliveries);
            services.AddSingleton(nodes ?? new OneNode());
        })) { Service = service, Store = store };
        return scene;
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await Reading.DisposeAsync();
    }
}
