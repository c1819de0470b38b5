using System.Text.Json.Nodes;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Identities;
using Holdfast.Log.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Identities;

/// <summary>The products. Whoever has a token of one product sees that one only.</summary>
internal static class ProductEndpoints
{
    private const string Collection = "/api/v1/products";

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        endpoints.MapGet(Collection, ListAsync).Require(Access.AnyToken, options);
        endpoints.MapPost(Collection, AddAsync).Require(Access.Administrator, options);
        endpoints.MapGet(Collection + "/{product}", ShowAsync).Require(Access.Read, options);
        endpoints.MapDelete(Collection + "/{product}", RemoveAsync).Require(Access.Administrator, options);
    }

    /// <summary>The answer when there is no such product.</summary>
    public static Problem NotFound(string product) => Problem.NotFound($"There is no product '{product}'.");

    /// <summary>The product that a path names, which exists.</summary>
    public static Parsed<ProductEntry> Find(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var name, out var problem))
        {
            return problem;
        }

        return Registry(context).FindProduct(name) is { } product ? product : NotFound(name);
    }

    public static IdentityRegistry Registry(HttpContext context) => context.RequestServices.GetRequiredService<IdentityRegistry>();

    public static IdentityAdministration Administration(HttpContext context) => context.RequestServices.GetRequiredService<IdentityAdministration>();

    public static TimeProvider Time(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>();

    private static Task ListAsync(HttpContext context)
    {
        var own = Caller.Of(context).Product;
        var products = Registry(context).Products.Where(product => own is null || product.Name == own).Select(IdentityAnswers.From);
        return IdentityAnswers.WriteAsync(context, StatusCodes.Status200OK, new JsonObject { ["products"] = new JsonArray([.. products]) });
    }

    private static Task ShowAsync(HttpContext context) => Find(context).IsValid(out var product, out var problem)
        ? IdentityAnswers.WriteAsync(context, StatusCodes.Status200OK, IdentityAnswers.From(product))
        : context.WriteProblemAsync(problem);

    private static async Task AddAsync(HttpContext context)
    {
        if (!(await IdentityRequests.FieldsAsync(context)).IsValid(out var fields, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var name = IdentityRequests.Name(fields);
        if (name == ClientAuthenticator.TokenUserName)
        {
            fields.Refuse("name", "is taken: the user name 'token' belongs to API tokens");
        }

        var limit = ProductRetentionEndpoint.Read(fields, Time(context));
        fields.RefuseUnknown();
        problem = fields.Problem ?? (await Administration(context).AddProductAsync(name, limit) ? null : Problem.Conflict("name", $"There is a product '{name}' already."));
        if (problem is not null)
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        context.Response.Headers.Location = $"{context.Request.PathBase}{Collection}/{name}";
        await IdentityAnswers.WriteAsync(context, StatusCodes.Status201Created, IdentityAnswers.From(Registry(context).FindProduct(name)!));
    }

    private static async Task RemoveAsync(HttpContext context)
    {
        if (!Find(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
        }
        else if (Registry(context).IsInUse(product.Name))
        {
            await context.WriteProblemAsync(Problem.InUse($"The product '{product.Name}' has devices or tokens. Remove them first."));
        }
        else if (await Administration(context).RemoveAsync(IdentityKind.Product, product.Name, ""))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else
        {
            await context.WriteProblemAsync(NotFound(product.Name));
        }
    }
}
