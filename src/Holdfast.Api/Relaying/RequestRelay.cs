using System.Text.Json;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Broker.Integrations;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Holdfast.Api.Relaying;

/// <summary>
/// Requests about an integration are answered by the node that runs it, whichever node they came to: passed on as they are, answered there as if they had come
/// there. They are authorised where they come in; nodes trust each other.
/// </summary>
/// <param name="nodes">Where the integrations run.</param>
/// <param name="services">What endpoints need.</param>
/// <param name="logger">Told of answers that failed.</param>
public sealed class RequestRelay(IIntegrationNodes nodes, IServiceProvider services, ILogger<RequestRelay> logger)
{
    private const int MaximumBodyBytes = 256 * 1024;
    private readonly Dictionary<string, RequestDelegate> _handlers = [];

    /// <summary>Answers a request that another node has passed on.</summary>
    /// <param name="request">As <see cref="IIntegrationNodes.AskRunnerAsync"/> was given it.</param>
    public async ValueTask<byte[]> AnswerAsync(byte[] request)
    {
        var relayed = JsonSerializer.Deserialize(request, ApiJson.Readable.RelayedRequest)!;
        using var body = new MemoryStream();
        await using var scope = services.CreateAsyncScope();
        var context = ContextOf(relayed, scope.ServiceProvider, body);
        try
        {
            await HandleAsync(context, relayed);
            await context.Response.CompleteAsync();
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "A request that another node passed on failed: {Endpoint}", relayed.Endpoint);
            throw;
        }

        var headers = context.Response.Headers;
        return JsonSerializer.SerializeToUtf8Bytes(
            new RelayedAnswer(context.Response.StatusCode, context.Response.ContentType, headers.Location, headers.RetryAfter, body.ToArray()), ApiJson.Readable.RelayedAnswer);
    }

    /// <summary>An endpoint that is answered where the integration in its route runs.</summary>
    /// <param name="method">The method.</param>
    /// <param name="pattern">The route, with <c>{product}</c> and <c>{name}</c>; without a name in it, the body holds it.</param>
    /// <param name="handler">Answers on the node that runs it.</param>
    internal RequestDelegate Where(string method, string pattern, RequestDelegate handler)
    {
        var endpoint = Add(method, pattern, handler);
        return context => PassOnAsync(context, endpoint, handler);
    }

    /// <summary>An endpoint whose answer is put together from those of all nodes.</summary>
    /// <param name="method">The method.</param>
    /// <param name="pattern">The route.</param>
    /// <param name="handler">Answers for one node.</param>
    /// <returns>The answers of the other nodes, given a request.</returns>
    internal Func<HttpContext, ValueTask<IReadOnlyList<(string Node, byte[]? Body)>>> Everywhere(string method, string pattern, RequestDelegate handler)
    {
        var endpoint = Add(method, pattern, handler);
        return async context =>
        {
            var answers = await nodes.AskOthersAsync(Serialize(context, endpoint, []));
            return [.. answers.Select(one => (one.Node, one.Answer is null ? null : BodyOf(one.Answer)))];
        };
    }

    private static byte[]? BodyOf(byte[] answer)
    {
        var read = JsonSerializer.Deserialize(answer, ApiJson.Readable.RelayedAnswer)!;
        return read.Status == StatusCodes.Status200OK ? read.Body : null;
    }

    private static byte[] Serialize(HttpContext context, string endpoint, byte[] body) => JsonSerializer.SerializeToUtf8Bytes(
        new RelayedRequest(
            endpoint, context.Request.RouteValues.ToDictionary(value => value.Key, value => value.Value?.ToString() ?? ""), context.Request.QueryString.Value ?? "",
            context.Request.ContentType, body),
        ApiJson.Readable.RelayedRequest);

    private static DefaultHttpContext ContextOf(RelayedRequest relayed, IServiceProvider services, MemoryStream body)
    {
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.Method = relayed.Endpoint[..relayed.Endpoint.IndexOf(' ', StringComparison.Ordinal)];
        context.Request.QueryString = new QueryString(relayed.Query);
        context.Request.ContentType = relayed.ContentType;
        context.Request.ContentLength = relayed.Body.Length;
        context.Request.Body = new MemoryStream(relayed.Body);
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        foreach (var (name, value) in relayed.Route)
        {
            context.Request.RouteValues[name] = value;
        }

        return context;
    }

    private static string Text(HttpContext context, string name) => context.Request.RouteValues[name] as string ?? "";

    private string Add(string method, string pattern, RequestDelegate handler)
    {
        var endpoint = $"{method} {pattern}";
        _handlers.Add(endpoint, handler);
        return endpoint;
    }

    private Task HandleAsync(HttpContext context, RelayedRequest relayed)
    {
        if (!_handlers.TryGetValue(relayed.Endpoint, out var handler))
        {
            return context.WriteProblemAsync(Problem.NodeSilent("The node that runs the integration is of another version, and does not know this request. Ask again after the upgrade."));
        }

        return nodes.IsMoving(Text(context, "product"), Text(context, "name")) ? context.WriteProblemAsync(Problem.Moving) : handler(context);
    }

    private async Task PassOnAsync(HttpContext context, string endpoint, RequestDelegate handler)
    {
        var read = await RequestBody.ReadAsync(context, MaximumBodyBytes, $"It may have {MaximumBodyBytes:N0} bytes.");
        if (!read.IsValid(out var body, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var (product, name) = (Text(context, "product"), context.Request.RouteValues.ContainsKey("name") ? Text(context, "name") : NameIn(body));
        if (nodes.IsMoving(product, name))
        {
            await context.WriteProblemAsync(Problem.Moving);
        }
        else if (!nodes.RunsElsewhere(product, name))
        {
            context.Request.Body = new MemoryStream(body.ToArray());
            await handler(context);
        }
        else
        {
            await AskAsync(context, product, name, Serialize(context, endpoint, body.ToArray()));
        }
    }

    private async Task AskAsync(HttpContext context, string product, string name, byte[] request)
    {
        try
        {
            await WriteAsync(context, await nodes.AskRunnerAsync(product, name, request));
        }
        catch (NodeSilentException silent)
        {
            await context.WriteProblemAsync(Problem.NodeSilent($"{silent.Message} Perhaps it has done what was asked. Look, and ask again."));
        }
    }

    /// <summary>The name of a new integration; empty when there is none to be read, which its node will say.</summary>
    private static string NameIn(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String
                ? name.GetString()!
                : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    private static async Task WriteAsync(HttpContext context, byte[] answer)
    {
        var relayed = JsonSerializer.Deserialize(answer, ApiJson.Readable.RelayedAnswer)!;
        context.Response.StatusCode = relayed.Status;
        context.Response.ContentType = relayed.ContentType;
        context.Response.Headers.Location = relayed.Location;
        context.Response.Headers.RetryAfter = relayed.RetryAfter;
        await context.Response.Body.WriteAsync(relayed.Body, context.RequestAborted);
    }
}
