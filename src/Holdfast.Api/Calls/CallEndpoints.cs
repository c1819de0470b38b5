using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Calls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Calls;

/// <summary>
/// Calling devices. The body is the command's payload. With <c>?wait=</c> the answer is the device's; without, the command is stored and delivered
/// when the device is there.
/// </summary>
internal sealed class CallEndpoints(ApiOptions options)
{
    private const string EventHeader = "Holdfast-Event";
    private const string ErrorHeader = "Holdfast-Error";
    private const string AnyContentType = "application/octet-stream";

    private static readonly string[] Parameters = ["wait", "expirySeconds"];

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
        => endpoints.MapPost("/api/v1/products/{product}/devices/{device}/commands/{**name}", new CallEndpoints(options).CallAsync).Require(Access.Call, options);

    private async Task CallAsync(HttpContext context)
    {
        var calls = context.RequestServices.GetRequiredService<IDeviceCalls>();
        if (!ProductRoute.Read(context).IsValid(out var product, out var problem)
            || !CallPatience.Parse(context.Request.Query, Parameters, calls.LongestWait).IsValid(out var patience, out problem)
            || !(await RequestBody.ReadAsync(context, options.MaximumPayloadBytes, $"A payload may have {options.MaximumPayloadBytes:N0} bytes.")).IsValid(out var payload, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var command = new DeviceCommand
        {
            Product = product,
            Device = context.GetRouteValue("device") as string ?? "",
            Name = context.GetRouteValue("name") as string ?? "",
            Payload = payload,
            ContentType = context.Request.ContentType,
            Caller = "http",
        };
        var result = patience.Wait is { } wait
            ? await calls.CallAsync(command, wait, context.RequestAborted)
            : await calls.StoreAsync(command, patience.Expiry, context.RequestAborted);
        await AnswerAsync(context, result);
    }

    private static async Task AnswerAsync(HttpContext context, CallResult result)
    {
        if (ProblemOf(result) is { } problem)
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        if (result.Reply is not { } reply)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            await context.Response.WriteAsJsonAsync(new StoredCommandAnswer(result.EventId, result.ReplyTopic!), ApiJson.Readable.StoredCommandAnswer, cancellationToken: context.RequestAborted);
            return;
        }

        context.Response.StatusCode = reply.Error is null ? StatusCodes.Status200OK : StatusCodes.Status424FailedDependency;
        context.Response.ContentType = IsHeaderText(reply.ContentType) && reply.ContentType!.Length > 0 ? reply.ContentType : AnyContentType;
        context.Response.ContentLength = reply.Payload.Length;
        context.Response.Headers[EventHeader] = result.EventId;
        if (reply.Error is { } error)
        {
            context.Response.Headers[ErrorHeader] = IsHeaderText(error) ? error : "1";
        }

        await context.Response.Body.WriteAsync(reply.Payload, context.RequestAborted);
    }

    private static Problem? ProblemOf(CallResult result) => result.Status switch
    {
        CallStatus.Answered or CallStatus.Stored => null,
        CallStatus.NoAnswer => Problem.NoAnswer(result.Detail),
        CallStatus.NobodySubscribes => Problem.NotFound(result.Detail),
        CallStatus.TooManyCalls => Problem.TooManyCalls(result.Detail),
        CallStatus.TopicInvalid => Problem.Invalid("name", result.Detail),
        CallStatus.TooLarge => Problem.TooLarge(result.Detail),
        CallStatus.Full => Problem.Full(result.Detail),
        _ => Problem.NotCommitting(result.Detail),
    };

    /// <summary>A device may say anything; a header may not.</summary>
    private static bool IsHeaderText(string? text) => text is not null && !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
}

/// <summary>The answer to a command that nobody waits for.</summary>
/// <param name="Id">The command's event id.</param>
/// <param name="ReplyTopic">Where the device answers: an event like any other.</param>
internal sealed record StoredCommandAnswer(string? Id, string ReplyTopic);
