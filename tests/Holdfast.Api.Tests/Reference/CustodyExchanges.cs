using Holdfast.Api.Tests.Support;
using Holdfast.Broker.Custody;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Tests.Reference;

/// <summary>Requests that bring the custody endpoints to every answer they have.</summary>
internal static class CustodyExchanges
{
    private const string Product = "/api/v1/products/{product}";
    private const string Trace = Product + "/events/{event}/trace";
    private const string OfDevice = Product + "/devices/{device}/custody";
    private const string OfProduct = Product + "/custody";

    public static async IAsyncEnumerable<Exchanges.Exchange> RunAsync()
    {
        await using var host = await StartAsync(4);
        await using var full = await StartAsync(0);
        yield return await SendAsync(host, Trace);
        yield return await SendAsync(host, Trace, id: "none");
        foreach (var path in new[] { Trace, OfDevice, OfProduct })
        {
            yield return await SendAsync(host, path, product: "Not.Valid");
            yield return await SendAsync(host, path, product: "p", withToken: false);
        }

        foreach (var path in new[] { OfDevice, OfProduct })
        {
            yield return await SendAsync(host, path);
            yield return await SendAsync(host, path + "?late=0");
            yield return await SendAsync(full, path);
        }

        yield return await SendAsync(host, OfDevice, device: FakeCustody.Huge);
        yield return await SendAsync(host, OfProduct, product: FakeCustody.Huge);
    }

    private static Task<ApiHost> StartAsync(int reports) => ApiHost.StartAsync(
        options => options with { MaximumCustodyReaders = reports }, services => services.AddSingleton<ICustody>(new FakeCustody()));

    private static async Task<Exchanges.Exchange> SendAsync(
        ApiHost host, string path, string product = "default", string id = FakeCustody.KnownEvent, string device = "d1", bool withToken = true)
    {
        var address = path.Replace("{product}", product, StringComparison.Ordinal).Replace("{event}", id, StringComparison.Ordinal).Replace("{device}", device, StringComparison.Ordinal);
        return new Exchanges.Exchange("GET", path.Split('?')[0], await host.SendAsync(HttpMethod.Get, address, withToken: withToken));
    }
}
