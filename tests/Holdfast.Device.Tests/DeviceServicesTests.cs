using Holdfast.Device.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Device.Tests;

public sealed class DeviceServicesTests
{
    [Fact]
    public async Task A_container_makes_one_device_with_its_logger()
    {
        var descriptor = Assert.Single(new ServiceCollection().AddHoldfastDevice(MemoryDevice.Options));
        Assert.Equal((typeof(HoldfastDevice), ServiceLifetime.Singleton), (descriptor.ServiceType, descriptor.Lifetime));
        var provider = new Provider();
        await using var device = (HoldfastDevice)descriptor.ImplementationFactory!(provider);
        Assert.Equal([typeof(ILoggerFactory)], provider.Asked);
    }

    private sealed class Provider : IServiceProvider
    {
        public List<Type> Asked { get; } = [];

        public object? GetService(Type serviceType)
        {
            Asked.Add(serviceType);
            return NullLoggerFactory.Instance;
        }
    }
}
