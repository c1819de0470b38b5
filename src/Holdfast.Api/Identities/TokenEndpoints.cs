using System.Text.Json.Nodes;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Identities;
using Holdfast.Log.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Holdfast.Api.Identities;

/// <summary>API tokens: those of a product, and those of all products.</summary>
internal static class TokenEndpoints
{
    private const string OfProduct = "/api/v1/products/{product}/tokens";
    private const string OfAll = "/api/v1/tokens";

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        Map(endpoints, OfProduct, Access.Read, Access.Manage, options);
        Map(endpoints, OfAll, Access.Administrator, Access.Administrator, options);
    }

    private static void Map(IEndpointRouteBuilder endpoints, string collection, Access read, Access manage, ApiOptions options)
    {
        endpoints.MapGet(collection, ListAsync).Require(read, options);
        endpoints.MapPost(collection, AddAsync).Require(manage, options);
        endpoints.MapGet(collection + "/{name}", ShowAsync).Require(read, options);
        endpoints.MapDelete(collection + "/{name}", RemoveAsync).Require(manage, options);
        endpoints.MapPost(collection + "/{name}/secret", RotateAsync).Require(manage, options);
        endpoints.MapPost(collection + "/{name}/revocation", RevokeAsync).Require(manage, options);
    }

    private static async Task ListAsync(HttpContext context)
    {
        if (!Product(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var tokens = ProductEndpoints.Registry(context).TokensOf(product).Select(token => IdentityAnswers.From(token));
        await IdentityAnswers.WriteAsync(context, StatusCodes.Status200OK, new JsonObject { ["tokens"] = new JsonArray([.. tokens]) });
    }

    private static async Task AddAsync(HttpContext context)
    {
        if (!Product(context).IsValid(out var product, out var problem) || !(await IdentityRequests.FieldsAsync(context)).IsValid(out var fields, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var name = IdentityRequests.Name(fields);
        var scopes = ScopeNames.Parse(IdentityRequests.Texts(fields, "scopes") ?? []);
        if (scopes is null)
        {
            fields.Refuse("scopes", "is an array of at least one of publish, subscribe, read and manage");
        }

        fields.RefuseUnknown();
        var secret = fields.Problem is null ? await ProductEndpoints.Administration(context).AddTokenAsync(product, name, scopes!.Value) : null;
        if (secret is null)
        {
            await context.WriteProblemAsync(fields.Problem ?? Problem.Conflict("name", $"There is a token '{name}' already."));
            return;
        }

        context.Response.Headers.Location = $"{context.Request.PathBase}{context.Request.Path}/{name}";
        await AnswerAsync(context, StatusCodes.Status201Created, product, name, secret);
    }

    private static async Task ShowAsync(HttpContext context)
    {
        await (Product(context).IsValid(out var product, out var problem)
            ? AnswerAsync(context, StatusCodes.Status200OK, product, Name(context))
            : context.WriteProblemAsync(problem));
    }

    private static async Task RotateAsync(HttpContext context)
    {
        if (!Product(context).IsValid(out var product, out var problem) || !(await IdentityRequests.OverlapAsync(context)).IsValid(out var overlap, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var secret = await ProductEndpoints.Administration(context).RotateTokenAsync(product, Name(context), overlap.Duration);
        await AnswerAsync(context, StatusCodes.Status200OK, product, Name(context), secret);
    }

    private static async Task RevokeAsync(HttpContext context)
    {
        if (!Product(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        await ProductEndpoints.Administration(context).RevokeTokenAsync(product, Name(context));
        await AnswerAsync(context, StatusCodes.Status200OK, product, Name(context));
    }

    private static async Task RemoveAsync(HttpContext context)
    {
        if (!Product(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
        }
        else if (await ProductEndpoints.Administration(context).RemoveAsync(IdentityKind.Token, product, Name(context)))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else
        {
            await context.WriteProblemAsync(NotFound(Name(context)));
        }
    }

    /// <summary>The product, which exists; of a path that names none, what stands for all.</summary>
    private static Parsed<string> Product(HttpContext context)
        => context.GetRouteValue("product") is null ? IdentityRegistry.AllProducts
            : ProductEndpoints.Find(context).IsValid(out var product, out var problem) ? product.Name
            : problem;

    private static string Name(HttpContext context) => (string)context.GetRouteValue("name")!;

    private static Problem NotFound(string name) => Problem.NotFound($"There is no token '{name}'.");

    private static Task AnswerAsync(HttpContext context, int status, string product, string name, string? secret = null)
        => ProductEndpoints.Registry(context).FindToken(product, name) is { } token
            ? IdentityAnswers.WriteAsync(context, status, IdentityAnswers.From(token, secret))
            : context.WriteProblemAsync(NotFound(name));
}
