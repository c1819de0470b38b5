using System.Globalization;
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

/// <summary>Tests, dead letters and replays of integrations; always with the administrator's token.</summary>
internal static class DeliveryEndpoints
{
    private const string Integration = IntegrationEndpoints.Collection + "/{name}";
    private const string DeadLetters = Integration + "/dead-letters";
    private const string DeadLetter = DeadLetters + "/{event}";
    private const int MaximumPage = 1_000;
    private const int DefaultPage = 100;

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        var relay = endpoints.ServiceProvider.GetRequiredService<RequestRelay>();
        endpoints.MapPost(Integration + "/test", relay.Where("POST", Integration + "/test", TestAsync)).Require(Access.Manage, options);
        endpoints.MapPost(Integration + "/replays", relay.Where("POST", Integration + "/replays", ReplayAsync)).Require(Access.Manage, options);
        endpoints.MapGet(DeadLetters, relay.Where("GET", DeadLetters, ListAsync)).Require(Access.Read, options);
        endpoints.MapDelete(DeadLetters, relay.Where("DELETE", DeadLetters, RemoveAllAsync)).Require(Access.Manage, options);
        endpoints.MapDelete(DeadLetter, relay.Where("DELETE", DeadLetter, RemoveAsync)).Require(Access.Manage, options);
    }

    private static async Task TestAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !(await IntegrationRequests.TestAsync(context)).IsValid(out var test, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var result = await Control(context).TestAsync(product, IntegrationEndpoints.NameOf(context), test, context.RequestAborted);
        if (result.Request is null)
        {
            await context.WriteProblemAsync(IntegrationEndpoints.ProblemOf(result.Refusal)!);
            return;
        }

        await context.Response.WriteAsJsonAsync(
            TestAnswer.From(result.Request, result.Answer), ApiJson.Readable.TestAnswer, cancellationToken: context.RequestAborted);
    }

    private static async Task ReplayAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !(await IntegrationRequests.ReplayAsync(context)).IsValid(out var replay, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var result = await Control(context).ReplayAsync(product, IntegrationEndpoints.NameOf(context), replay, context.RequestAborted);
        if (result.Integration is { } added)
        {
            context.Response.Headers.Location
                = $"{context.Request.PathBase}{IntegrationEndpoints.Collection.Replace("{product}", product, StringComparison.Ordinal)}/{added.Definition.Name}";
        }

        await IntegrationEndpoints.WriteAsync(context, StatusCodes.Status201Created, result);
    }

    private static async Task ListAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !QueryParameters.Read(context.Request.Query, ["after", "limit"]).IsValid(out var query, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var text = query.GetValueOrDefault("limit");
        var limit = DefaultPage;
        if (text is not null && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is 0 or > MaximumPage))
        {
            await context.WriteProblemAsync(Problem.Invalid("limit", $"The limit must be a whole number from 1 to {MaximumPage}."));
            return;
        }

        var name = IntegrationEndpoints.NameOf(context);
        var letters = await Control(context).DeadLettersAsync(product, name, query.GetValueOrDefault("after"), limit, context.RequestAborted);
        if (letters is null)
        {
            await context.WriteProblemAsync(IntegrationEndpoints.NotFound(product, name));
            return;
        }

        var page = new DeadLetterPage(letters, letters.Count == limit ? letters[^1].EventId : null);
        await context.Response.WriteAsJsonAsync(page, ApiJson.Readable.DeadLetterPage, cancellationToken: context.RequestAborted);
    }

    private static Task RemoveAllAsync(HttpContext context) => RemoveAsync(context, null);

    private static Task RemoveAsync(HttpContext context) => RemoveAsync(context, context.GetRouteValue("event") as string ?? "");

    private static async Task RemoveAsync(HttpContext context, string? eventId)
    {
        var name = IntegrationEndpoints.NameOf(context);
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
        }
        else if (await Control(context).RemoveDeadLettersAsync(product, name, eventId, context.RequestAborted))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else
        {
            await context.WriteProblemAsync(Problem.NotFound($"The integration '{name}' of the product '{product}' has no such dead letter."));
        }
    }

    private static IDeliveryControl Control(HttpContext context) => context.RequestServices.GetRequiredService<IDeliveryControl>();
}
