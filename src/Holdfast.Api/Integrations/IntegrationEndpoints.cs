using System.Text.Json.Nodes;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Integrations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Integrations;

/// <summary>Management of integrations; always with a token.</summary>
internal static class IntegrationEndpoints
{
    /// <summary>Where the integrations of a product are.</summary>
    public const string Collection = "/api/v1/products/{product}/integrations";

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        endpoints.MapGet(Collection, ListAsync).Require(Access.Read, options);
        endpoints.MapPost(Collection, AddAsync).Require(Access.Manage, options);
        endpoints.MapGet(Collection + "/{name}", ShowAsync).Require(Access.Read, options);
        endpoints.MapPatch(Collection + "/{name}", ChangeAsync).Require(Access.Manage, options);
        endpoints.MapDelete(Collection + "/{name}", RemoveAsync).Require(Access.Manage, options);
        endpoints.MapPost(Collection + "/{name}/secret", RotateAsync).Require(Access.Manage, options);
    }

    /// <summary>The name in a path.</summary>
    public static string NameOf(HttpContext context) => context.GetRouteValue("name") as string ?? "";

    /// <summary>The answer when there is no such integration.</summary>
    public static Problem NotFound(string product, string name) => Problem.NotFound($"The product '{product}' has no integration '{name}'.");

    /// <summary>Answers with an integration, or with why it is not as was asked.</summary>
    public static Task WriteAsync(HttpContext context, int statusCode, IntegrationResult result)
    {
        if (ProblemOf(result) is { } problem)
        {
            return context.WriteProblemAsync(problem);
        }

        context.Response.StatusCode = statusCode;
        return context.Response.WriteAsJsonAsync(
            IntegrationAnswer.From(result.Integration!, result.NewSecret), ApiJson.Readable.JsonObject, cancellationToken: context.RequestAborted);
    }

    /// <summary>The problem that a refusal is; null when it is none.</summary>
    public static Problem? ProblemOf(IntegrationResult result) => result.Outcome switch
    {
        IntegrationOutcome.Done => null,
        IntegrationOutcome.NameTaken => Problem.Conflict(result.Field, result.Detail),
        IntegrationOutcome.NotFound => Problem.NotFound(result.Detail),
        IntegrationOutcome.ShuttingDown => Problem.NotCommitting(result.Detail),
        _ => Problem.Invalid(result.Field, result.Detail),
    };

    private static async Task ListAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var list = new JsonArray([.. Registry(context).List(product).Select(status => IntegrationAnswer.From(status))]);
        await context.Response.WriteAsJsonAsync(
            new JsonObject { ["integrations"] = list }, ApiJson.Readable.JsonObject, cancellationToken: context.RequestAborted);
    }

    private static async Task ShowAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
        }
        else if (Registry(context).Find(product, NameOf(context)) is { } status)
        {
            await WriteAsync(context, StatusCodes.Status200OK, IntegrationResult.Done(status));
        }
        else
        {
            await context.WriteProblemAsync(NotFound(product, NameOf(context)));
        }
    }

    private static async Task AddAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var read = await IntegrationRequests.DefinitionAsync(context, product);
        if (!read.IsValid(out var definition, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var result = await Registry(context).AddAsync(definition, context.RequestAborted);
        if (result.Outcome == IntegrationOutcome.Done)
        {
            context.Response.Headers.Location = $"{context.Request.PathBase}{context.Request.Path}/{definition.Name}";
        }

        await WriteAsync(context, StatusCodes.Status201Created, result);
    }

    private static async Task ChangeAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !(await IntegrationRequests.PatchAsync(context)).IsValid(out var patch, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var result = await Registry(context).ChangeAsync(product, NameOf(context), patch.Json, context.RequestAborted);
        await WriteAsync(context, StatusCodes.Status200OK, result);
    }

    private static async Task RotateAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !(await IntegrationRequests.RotationAsync(context)).IsValid(out var rotation, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var result = await Registry(context).RotateSecretAsync(product, NameOf(context), rotation.Secret, rotation.Overlap, context.RequestAborted);
        await WriteAsync(context, StatusCodes.Status200OK, result);
    }

    private static async Task RemoveAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
        }
        else if (await Registry(context).RemoveAsync(product, NameOf(context), context.RequestAborted))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else
        {
            await context.WriteProblemAsync(NotFound(product, NameOf(context)));
        }
    }

    private static IIntegrationRegistry Registry(HttpContext context) => context.RequestServices.GetRequiredService<IIntegrationRegistry>();
}
