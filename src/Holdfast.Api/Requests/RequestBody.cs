using System.Buffers;
using Holdfast.Api.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Holdfast.Api.Requests;

/// <summary>Reads request bodies, never more of them than a limit.</summary>
internal static class RequestBody
{
    /// <summary>The first character of a JSON body that is not white space, without taking it; null when there is none within the first bytes.</summary>
    public static async ValueTask<byte?> FirstCharacterAsync(HttpContext context)
    {
        const int LookedAt = 4096;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            var found = FindFirst(read.Buffer);
            var isKnown = found is not null || read.IsCompleted || read.Buffer.Length > LookedAt;
            reader.AdvanceTo(read.Buffer.Start, isKnown ? read.Buffer.Start : read.Buffer.End);
            if (isKnown)
            {
                return found;
            }
        }
    }

    /// <summary>Reads the whole body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maximumBytes">The largest body accepted.</param>
    /// <param name="hint">What to say to a client whose body is larger.</param>
    /// <returns>The body, or the problem that the client has to be told.</returns>
    public static async ValueTask<Parsed<ReadOnlyMemory<byte>>> ReadAsync(HttpContext context, int maximumBytes, string hint)
    {
        if (context.Request.Headers.ContentEncoding.Count > 0)
        {
            return Problem.UnsupportedMediaType("Compressed bodies are not accepted: send the body without Content-Encoding.");
        }

        if (context.Request.ContentLength > maximumBytes)
        {
            return Problem.TooLarge(hint);
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null; // The limit here is the smaller one.
        }

        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > maximumBytes)
            {
                reader.AdvanceTo(read.Buffer.End);
                return Problem.TooLarge(hint);
            }

            if (read.IsCompleted)
            {
                ReadOnlyMemory<byte> body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static byte? FindFirst(ReadOnlySequence<byte> buffer)
    {
        foreach (var part in buffer)
        {
            var first = part.Span.IndexOfAnyExcept(" \t\r\n"u8);
            if (first >= 0)
            {
                return part.Span[first];
            }
        }

        return null;
    }
}
