using System.Text.Json.Nodes;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Limits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Holdfast.Api.Identities;

/// <summary>
/// The limits of a product, of each of its devices, and of one of them. Those of the product as a whole are the operator's to say, because machines are shared; the product's own people share it out among their devices.
/// </summary>
internal static class LimitEndpoints
{
    private const string Product = "/api/v1/products/{product}";

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        endpoints.MapGet(Product + "/limits", context => ShowAsync(context, OfProduct)).Require(Access.Read, options);
        endpoints.MapPatch(Product + "/limits", context => ChangeAsync(context, OfProduct, ChangeProductAsync)).Require(Access.Administrator, options);
        endpoints.MapGet(Product + "/device-limits", context => ShowAsync(context, OfEachDevice)).Require(Access.Read, options);
        endpoints.MapPatch(Product + "/device-limits", context => ChangeAsync(context, OfEachDevice, ChangeEachDeviceAsync)).Require(Access.Manage, options);
        endpoints.MapGet(Product + "/devices/{device}/limits", context => ShowAsync(context, OfDevice)).Require(Access.Read, options);
        endpoints.MapPatch(Product + "/devices/{device}/limits", context => ChangeAsync(context, OfDevice, ChangeDeviceAsync)).Require(Access.Manage, options);
    }

    private static Parsed<ClientLimits> OfProduct(HttpContext context)
        => ProductEndpoints.Find(context).IsValid(out var product, out var problem) ? product.Document.Limits ?? ClientLimits.None : problem;

    private static Parsed<ClientLimits> OfEachDevice(HttpContext context)
        => ProductEndpoints.Find(context).IsValid(out var product, out var problem) ? product.Document.DeviceLimits ?? ClientLimits.None : problem;

    private static Parsed<ClientLimits> OfDevice(HttpContext context)
    {
        var (product, device) = Names(context);
        return ProductEndpoints.Registry(context).FindDevice(product, device) is { } found
            ? found.Document.Limits ?? ClientLimits.None
            : Problem.NotFound($"The product '{product}' has no device '{device}'.");
    }

    private static Task ChangeProductAsync(HttpContext context, Func<ClientLimits, ClientLimits?> change) => ProductEndpoints.Administration(context).ChangeProductAsync(
        Names(context).Product, product => product with { Limits = change(product.Limits ?? ClientLimits.None) });

    private static Task ChangeEachDeviceAsync(HttpContext context, Func<ClientLimits, ClientLimits?> change) => ProductEndpoints.Administration(context).ChangeProductAsync(
        Names(context).Product, product => product with { DeviceLimits = change(product.DeviceLimits ?? ClientLimits.None) });

    private static Task ChangeDeviceAsync(HttpContext context, Func<ClientLimits, ClientLimits?> change)
    {
        var (product, device) = Names(context);
        return ProductEndpoints.Administration(context).ChangeDeviceAsync(product, device, document => document with { Limits = change(document.Limits ?? ClientLimits.None) });
    }

    private static Task ShowAsync(HttpContext context, Func<HttpContext, Parsed<ClientLimits>> find) => find(context).IsValid(out var limits, out var problem)
        ? IdentityAnswers.WriteAsync(context, StatusCodes.Status200OK, From(limits))
        : context.WriteProblemAsync(problem);

    private static async Task ChangeAsync(
        HttpContext context, Func<HttpContext, Parsed<ClientLimits>> find, Func<HttpContext, Func<ClientLimits, ClientLimits?>, Task> changeAsync)
    {
        if (!find(context).IsValid(out _, out var problem) || !(await IdentityRequests.FieldsAsync(context)).IsValid(out var fields, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var given = new List<(LimitField Field, long? Value)>();
        foreach (var field in LimitField.All)
        {
            if (fields.Any(field.Name) is null)
            {
                continue;
            }

            var value = (long?)fields.Integer(field.Name, (ulong)field.Maximum);
            given.Add((field, value));
            if (value < field.Minimum)
            {
                fields.Refuse(field.Name, $"must be at least {field.Minimum}; null is no limit");
            }
        }

        fields.RefuseUnknown();
        if (fields.Problem is not null)
        {
            await context.WriteProblemAsync(fields.Problem);
            return;
        }

        await changeAsync(context, limits =>
        {
            var changed = given.Aggregate(limits, (all, one) => one.Field.With(all, one.Value));
            return changed == ClientLimits.None ? null : changed;
        });
        await ShowAsync(context, find);
    }

    private static (string Product, string Device) Names(HttpContext context) => ((string)context.GetRouteValue("product")!, context.GetRouteValue("device") as string ?? "");

    private static JsonObject From(ClientLimits limits) => new(LimitField.All.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Of(limits))));
}
