using System.Text.Json.Nodes;
using Holdfast.Api.Problems;
using Holdfast.Api.Relaying;
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

    private const string ListName = "integrations";
    private const string Integration = Collection + "/{name}";
    private const string Secret = Integration + "/secret";

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        var relay = endpoints.ServiceProvider.GetRequiredService<RequestRelay>();
        var listElsewhere = relay.Everywhere("GET", Collection, context => ListAsync(context, []));
        endpoints.MapGet(Collection, async context => await ListAsync(context, await listElsewhere(context))).Require(Access.Read, options);
        endpoints.MapPost(Collection, relay.Where("POST", Collection, AddAsync)).Require(Access.Manage, options);
        endpoints.MapGet(Integration, relay.Where("GET", Integration, ShowAsync)).Require(Access.Read, options);
        endpoints.MapPatch(Integration, relay.Where("PATCH", Integration, ChangeAsync)).Require(Access.Manage, options);
        endpoints.MapDelete(Integration, relay.Where("DELETE", Integration, RemoveAsync)).Require(Access.Manage, options);
        endpoints.MapPost(Secret, relay.Where("POST", Secret, RotateAsync)).Require(Access.Manage, options);
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

    /// <param name="context">The request.</param>
    /// <param name="elsewhere">The lists of other nodes; null of a node that did not answer.</param>
    private static async Task ListAsync(HttpContext context, IReadOnlyList<(string Node, byte[]? List)> elsewhere)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var here = Registry(context).List(product).Select(status => IntegrationAnswer.From(status));
        var there = elsewhere.Where(one => one.List is not null).SelectMany(one => JsonNode.Parse(one.List)![ListName]!.AsArray()).Select(one => one!.DeepClone().AsObject());
        List<JsonObject> list = [.. here.Concat(there).OrderBy(one => (string?)one["name"], StringComparer.Ordinal)];
        var answer = new JsonObject { [ListName] = new JsonArray([.. list]) };
        var missing = context.RequestServices.GetRequiredService<IIntegrationNodes>().Names(product).Except(list.Select(one => (string)one["name"]!));
        AddNames(answer, "moving", missing);
        AddNames(answer, "silentNodes", elsewhere.Where(one => one.List is null).Select(one => one.Node));
        await context.Response.WriteAsJsonAsync(answer, ApiJson.Readable.JsonObject, cancellationToken: context.RequestAborted);
    }

    private static void AddNames(JsonObject answer, string field, IEnumerable<string> names)
    {
        JsonArray array = [.. names.Order(StringComparer.Ordinal).Select(name => (JsonNode)name)];
        if (array.Count > 0)
        {
            answer[field] = array;
        }
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
            context.Response.Headers.Location = $"{context.Request.PathBase}{Collection.Replace("{product}", product, StringComparison.Ordinal)}/{definition.Name}";
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
