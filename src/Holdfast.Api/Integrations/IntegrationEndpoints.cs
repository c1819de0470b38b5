using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Integrations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Integrations;

/// <summary>Management of integrations; always with the administrator's token.</summary>
internal static class IntegrationEndpoints
{
    private const string Collection = "/api/v1/products/{product}/integrations";
    private const int MaximumBodyBytes = 16 * 1024;

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        endpoints.MapGet(Collection, ListAsync).Require(Access.Administrator, options);
        endpoints.MapPost(Collection, AddAsync).Require(Access.Administrator, options);
        endpoints.MapGet(Collection + "/{name}", ShowAsync).Require(Access.Administrator, options);
        endpoints.MapDelete(Collection + "/{name}", RemoveAsync).Require(Access.Administrator, options);
    }

    private static async Task ListAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var answer = new IntegrationList([.. Registry(context).List(product).Select(IntegrationAnswer.From)]);
        await context.Response.WriteAsJsonAsync(answer, ApiJson.Readable.IntegrationList, cancellationToken: context.RequestAborted);
    }

    private static async Task ShowAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
        }
        else if (Registry(context).Find(product, NameOf(context)) is { } status)
        {
            await WriteAsync(context, StatusCodes.Status200OK, status);
        }
        else
        {
            await context.WriteProblemAsync(NotFound(product, NameOf(context)));
        }
    }

    private static async Task AddAsync(HttpContext context)
    {
        var read = await ReadDefinitionAsync(context);
        if (!read.IsValid(out var definition, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var result = await Registry(context).AddAsync(definition, context.RequestAborted);
        switch (result)
        {
            case { Status: AddIntegrationStatus.Added, Integration: { } added }:
                context.Response.Headers.Location = $"{context.Request.PathBase}{context.Request.Path}/{definition.Name}";
                await WriteAsync(context, StatusCodes.Status201Created, added);
                break;
            case { Status: AddIntegrationStatus.NameTaken }:
                await context.WriteProblemAsync(Problem.Conflict(result.Field, result.Detail));
                break;
            case { Status: AddIntegrationStatus.ShuttingDown }:
                await context.WriteProblemAsync(Problem.NotCommitting(result.Detail));
                break;
            default:
                await context.WriteProblemAsync(Problem.Invalid(result.Field, result.Detail));
                break;
        }
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

    private static async ValueTask<Parsed<IntegrationDefinition>> ReadDefinitionAsync(HttpContext context)
    {
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem))
        {
            return problem;
        }

        if (!context.Request.HasJsonContentType())
        {
            return Problem.UnsupportedMediaType("Send the integration as a JSON object with Content-Type application/json.");
        }

        var read = await RequestBody.ReadAsync(context, MaximumBodyBytes, $"The description of an integration may have {MaximumBodyBytes:N0} bytes.");
        if (!read.IsValid(out var body, out problem) || !JsonFields.Parse(body).IsValid(out var fields, out problem))
        {
            return problem;
        }

        var definition = new IntegrationDefinition(
            product, Required(fields, "name"), fields.String("kind") ?? IntegrationDefinition.WebhookKind,
            Required(fields, "filter"), Required(fields, "url"));
        fields.RefuseUnknown();
        return fields.Problem is null ? definition : fields.Problem;
    }

    private static string Required(JsonFields fields, string name)
    {
        if (fields.String(name) is { } value)
        {
            return value;
        }

        fields.Refuse(name, "is missing");
        return "";
    }

    private static IIntegrationRegistry Registry(HttpContext context) => context.RequestServices.GetRequiredService<IIntegrationRegistry>();

    private static string NameOf(HttpContext context) => context.GetRouteValue("name") as string ?? "";

    private static Problem NotFound(string product, string name) => Problem.NotFound($"The product '{product}' has no integration '{name}'.");

    private static Task WriteAsync(HttpContext context, int statusCode, IntegrationStatus status)
    {
        context.Response.StatusCode = statusCode;
        return context.Response.WriteAsJsonAsync(
            IntegrationAnswer.From(status), ApiJson.Readable.IntegrationAnswer, cancellationToken: context.RequestAborted);
    }
}
