using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Holdfast.Device;

/// <summary>Registers a device for dependency injection.</summary>
public static class DeviceServices
{
    /// <summary>Adds one <see cref="HoldfastDevice"/>, which starts when it is first asked for and ends with the container.</summary>
    /// <param name="services">The container.</param>
    /// <param name="options">The device.</param>
    public static IServiceCollection AddHoldfastDevice(this IServiceCollection services, DeviceOptions options)
        => services.AddHoldfastDevice(_ => options);

    /// <summary>Adds one <see cref="HoldfastDevice"/>, which starts when it is first asked for and ends with the container.</summary>
    /// <param name="services">The container.</param>
    /// <param name="options">Makes the device's options from other services.</param>
    public static IServiceCollection AddHoldfastDevice(this IServiceCollection services, Func<IServiceProvider, DeviceOptions> options)
        => services.AddSingleton(provider => HoldfastDevice.Start(options(provider), provider.GetService<ILoggerFactory>()?.CreateLogger<HoldfastDevice>()));
}
