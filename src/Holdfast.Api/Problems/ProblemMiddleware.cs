using Holdfast.Log.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Holdfast.Api.Problems;

/// <summary>Stands around all endpoints: whatever fails, and whatever is not there, is answered as a problem.</summary>
internal sealed class ProblemMiddleware(ILogger<ProblemMiddleware> logger) : IMiddleware
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // The client has gone; nobody reads an answer.
        }
        catch (OperationCanceledException) when (context.Response.HasStarted)
        {
            context.Abort(); // Ended in the middle: it must not look complete.
            return;
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            await context.WriteProblemAsync(exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? Problem.TooLarge(exception.Message)
                : Problem.Malformed(exception.Message) with { Status = exception.StatusCode });
            return;
        }
        catch (StateStoreException exception) when (!context.Response.HasStarted)
        {
            logger.LogWarning("{Method} {Path}: {Message}", context.Request.Method, context.Request.Path, exception.Message);
            await context.WriteProblemAsync(exception is StateStoreFullException
                ? Problem.Full("There is no room to store this.")
                : Problem.NotCommitting("This cannot be stored now."));
            return;
        }
#pragma warning disable CA1031 // The last line of defence: the client gets an answer and the operator the exception.
        catch (Exception exception) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            logger.LogError(exception, "{Method} {Path} failed.", context.Request.Method, context.Request.Path);
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }

        if (context.Response is { StatusCode: >= 400, HasStarted: false, ContentLength: null, ContentType: null })
        {
            await context.WriteProblemAsync(Problem.OfStatus(context.Response.StatusCode, context.Request.Method, context.Request.Path));
        }
    }
}

/// <summary>Puts <see cref="ProblemMiddleware"/> in front of everything, whoever composes the host.</summary>
internal sealed class ProblemStartupFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<ProblemMiddleware>();
        next(app);
    };
}
