using Holdfast.Device.Connections;
using Holdfast.Device.Tests.Harness;

namespace Holdfast.Device.Tests.Connections;

public sealed class BrokenConnectorTests
{
    [Fact]
    public async Task Whatever_goes_wrong_at_one_endpoint_the_next_is_tried()
    {
        var cloud = new MemoryCloud();
        var options = MemoryDevice.Options with { Endpoints = [new Uri("mqtt://broken"), new Uri("mqtt://one")] };
        await using var device = MemoryDevice.Start(new BrokenAt("broken", cloud), options);
        await device.PublishAsync("1");
        Assert.Equal(["1"], (await cloud.NextAsync()).Texts);
    }

    private sealed class BrokenAt(string host, ICloudConnector other) : ICloudConnector
    {
        public Task<ICloudConnection> ConnectAsync(Uri endpoint, CancellationToken cancellationToken)
            => endpoint.Host == host ? throw new InvalidDataException("Broken.") : other.ConnectAsync(endpoint, cancellationToken);
    }
}
