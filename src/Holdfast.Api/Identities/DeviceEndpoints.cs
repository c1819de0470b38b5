using System.Globalization;
using System.Text.Json.Nodes;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Naming;
using Holdfast.Log.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Holdfast.Api.Identities;

/// <summary>The devices of a product: their keys and certificates, and whether they are there.</summary>
internal static class DeviceEndpoints
{
    private const string Collection = "/api/v1/products/{product}/devices";
    private const string Device = Collection + "/{device}";
    private const int DefaultLimit = 100;
    private const int MaximumLimit = 1000;
    private const int MaximumTitleLength = 200;

    /// <summary>The most certificates that are pinned to one device.</summary>
    private const int MaximumCertificates = 4;

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        endpoints.MapGet(Collection, ListAsync).Require(Access.Read, options);
        endpoints.MapPost(Collection, AddAsync).Require(Access.Manage, options);
        endpoints.MapGet(Device, ShowAsync).Require(Access.Read, options);
        endpoints.MapDelete(Device, RemoveAsync).Require(Access.Manage, options);
        endpoints.MapPost(Device + "/key", RotateAsync).Require(Access.Manage, options);
        endpoints.MapPost(Device + "/revocation", RevokeAsync).Require(Access.Manage, options);
        endpoints.MapPost(Device + "/certificates", PinAsync).Require(Access.Manage, options);
        endpoints.MapDelete(Device + "/certificates/{thumbprint}", UnpinAsync).Require(Access.Manage, options);
    }

    private static async Task ListAsync(HttpContext context)
    {
        var limitText = context.Request.Query["limit"].ToString();
        var limit = DefaultLimit;
        if (!ProductEndpoints.Find(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        if (limitText.Length > 0 && (!int.TryParse(limitText, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaximumLimit))
        {
            await context.WriteProblemAsync(Problem.Invalid("limit", $"'limit' is a number from 1 to {MaximumLimit}."));
            return;
        }

        var after = context.Request.Query["after"].ToString();
        var registry = ProductEndpoints.Registry(context);
        var devices = registry.DevicesOf(product.Name, after.Length == 0 ? null : after, limit + 1);
        var page = devices.Take(limit).ToList();
        var presence = (await registry.PresenceAsync(product.Name, [.. page.Select(one => one.Id)], context.RequestAborted)).ToDictionary(one => one.Device);
        await IdentityAnswers.WriteAsync(context, StatusCodes.Status200OK, new JsonObject
        {
            ["devices"] = new JsonArray([.. page.Select(one => IdentityAnswers.From(one, presence.GetValueOrDefault(one.Id)))]),
            ["next"] = devices.Count > limit ? page[^1].Id : null,
        });
    }

    private static async Task AddAsync(HttpContext context)
    {
        if (!ProductEndpoints.Find(context).IsValid(out var product, out var problem) || !(await IdentityRequests.FieldsAsync(context)).IsValid(out var fields, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var (id, title, thumbprint) = (fields.String("id") ?? "", fields.String("title"), IdentityRequests.Thumbprint(fields));
        var withKey = fields.Boolean("key") ?? thumbprint is null;
        fields.RefuseUnknown();
        if (!DeviceId.IsValid(id))
        {
            fields.Refuse("id", $"is not a valid device id: {DeviceId.Rule}");
        }

        if (title?.Length > MaximumTitleLength)
        {
            fields.Refuse("title", $"may have {MaximumTitleLength} characters");
        }

        RefuseTaken(context, fields, thumbprint, id, product.Name);
        if (fields.Problem is not null)
        {
            await context.WriteProblemAsync(fields.Problem);
            return;
        }

        var (isAdded, key) = await ProductEndpoints.Administration(context).AddDeviceAsync(product.Name, id, title, thumbprint is null ? [] : [thumbprint], withKey);
        if (!isAdded)
        {
            await context.WriteProblemAsync(Problem.Conflict("id", $"The product '{product.Name}' has a device '{id}' already."));
            return;
        }

        context.Response.Headers.Location = $"{context.Request.PathBase}{context.Request.Path}/{Uri.EscapeDataString(id)}";
        await AnswerAsync(context, StatusCodes.Status201Created, product.Name, id, key);
    }

    private static async Task ShowAsync(HttpContext context)
    {
        var (product, id) = Names(context);
        await AnswerAsync(context, StatusCodes.Status200OK, product, id);
    }

    private static async Task RemoveAsync(HttpContext context)
    {
        var (product, id) = Names(context);
        if (await ProductEndpoints.Administration(context).RemoveAsync(IdentityKind.Device, product, id))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await context.WriteProblemAsync(NotFound(product, id));
    }

    private static async Task RotateAsync(HttpContext context)
    {
        if (!(await IdentityRequests.OverlapAsync(context)).IsValid(out var overlap, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var (product, id) = Names(context);
        var key = await ProductEndpoints.Administration(context).RotateDeviceAsync(product, id, overlap.Duration);
        await AnswerAsync(context, StatusCodes.Status200OK, product, id, key);
    }

    private static async Task RevokeAsync(HttpContext context)
    {
        var (product, id) = Names(context);
        await ProductEndpoints.Administration(context).RevokeDeviceAsync(product, id);
        await AnswerAsync(context, StatusCodes.Status200OK, product, id);
    }

    private static async Task PinAsync(HttpContext context)
    {
        var (product, id) = Names(context);
        if (!(await IdentityRequests.FieldsAsync(context)).IsValid(out var fields, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        if (IdentityRequests.Thumbprint(fields) is not { } thumbprint)
        {
            fields.Refuse("certificate", "is missing: the device's certificate in PEM, or its 'thumbprint'");
            await context.WriteProblemAsync(fields.Problem!);
            return;
        }

        fields.RefuseUnknown();
        RefuseTaken(context, fields, thumbprint, id, product);
        if (ProductEndpoints.Registry(context).FindDevice(product, id) is { } device && device.Document.Certificates.Count >= MaximumCertificates)
        {
            fields.Refuse("certificate", $"is one too many: a device has at most {MaximumCertificates}");
        }

        if (fields.Problem is not null)
        {
            await context.WriteProblemAsync(fields.Problem);
            return;
        }

        await ProductEndpoints.Administration(context).ChangeDeviceAsync(
            product, id, document => document with { Certificates = [.. document.Certificates.Where(one => one != thumbprint), thumbprint] });
        await AnswerAsync(context, StatusCodes.Status200OK, product, id);
    }

    private static async Task UnpinAsync(HttpContext context)
    {
        var (product, id) = Names(context);
        var thumbprint = ((string)context.GetRouteValue("thumbprint")!).ToUpperInvariant();
        if (ProductEndpoints.Registry(context).FindDevice(product, id)?.Document.Certificates.Contains(thumbprint) != true)
        {
            await context.WriteProblemAsync(Problem.NotFound($"The product '{product}' has no device '{id}' with this certificate."));
            return;
        }

        await ProductEndpoints.Administration(context).ChangeDeviceAsync(
            product, id, document => document with { Certificates = [.. document.Certificates.Where(one => one != thumbprint)] });
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static (string Product, string Device) Names(HttpContext context) => ((string)context.GetRouteValue("product")!, (string)context.GetRouteValue("device")!);

    private static Problem NotFound(string product, string id) => Problem.NotFound($"The product '{product}' has no device '{id}'.");

    private static void RefuseTaken(HttpContext context, JsonFields fields, string? thumbprint, string id, string product)
    {
        if (thumbprint is not null && ProductEndpoints.Registry(context).FindDeviceOf(thumbprint) is { } owner && (owner.Id != id || owner.Product != product))
        {
            fields.Refuse("certificate", "cannot be used: a certificate belongs to one device, and this one is taken");
        }
    }

    private static async Task AnswerAsync(HttpContext context, int status, string product, string id, string? key = null)
    {
        var registry = ProductEndpoints.Registry(context);
        if (registry.FindDevice(product, id) is not { } device)
        {
            await context.WriteProblemAsync(NotFound(product, id));
            return;
        }

        var presence = await registry.PresenceAsync(product, [id], context.RequestAborted);
        await IdentityAnswers.WriteAsync(context, status, IdentityAnswers.From(device, presence.SingleOrDefault(), key));
    }
}
