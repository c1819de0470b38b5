using Holdfast.Api.Problems;
using Holdfast.Broker.Reading;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace Holdfast.Api.Events.Reading;

/// <summary>
/// Events as server-sent events. Each carries the cursor behind it as its id, so that a client that comes back with it misses nothing and gets nothing again.
/// </summary>
internal sealed class EventStreams(EventSource source, ApiMetrics metrics, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>How often a comment is sent, so that nothing on the way takes the connection for dead.</summary>
    public static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(9);

    public async Task ServeAsync(HttpContext context)
    {
        if (!EventQuery.ParseStream(context).IsValid(out var query, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        // Before the start is looked up: what is received from there on is logged.
        using var interest = source.Await(query);
        if (!source.OpenStream(query).IsValid(out var opened, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        using var reader = opened;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var output = new EventOutput(context.Response.BodyWriter, source.Incarnations);
        await RunAsync(context, reader, output);
    }

    private async Task RunAsync(HttpContext context, EventReader reader, EventOutput output)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var ticker = new PeriodicTimer(KeepAliveInterval, time);
        try
        {
            output.Buffer.Write("retry: 1000\n"u8);
            WritePosition(reader, output);
            await output.SendAsync(context.RequestAborted);
            var tick = ticker.WaitForNextTickAsync(ending.Token).AsTask();
            while (true)
            {
                while (await reader.LoadAsync(ending.Token))
                {
                    await WriteStretchAsync(reader, output, context, ending.Token);
                    tick = tick.IsCompleted ? await KeepAliveAsync(reader, output, context, ticker, ending.Token) : tick;
                }

                await output.SendAsync(context.RequestAborted);
                var news = reader.WaitAsync(ending.Token);
                while (await Task.WhenAny(news, tick) == tick)
                {
                    tick = await KeepAliveAsync(reader, output, context, ticker, ending.Token);
                }

                await news;
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            output.Buffer.Write(": the server shuts down, come back\n\n"u8);
            await output.SendAsync(context.RequestAborted);
        }
    }

    /// <summary>A shutdown ends it between two writes: one that was cancelled would end in a connection that is cut off.</summary>
    private async ValueTask WriteStretchAsync(EventReader reader, EventOutput output, HttpContext context, CancellationToken ending)
    {
        if (reader.Gap is { } gap)
        {
            WriteGap(reader, gap, output);
        }

        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        while (reader.MoveNext())
        {
            WriteCurrent(reader, output, now);
            if (output.IsFull)
            {
                await output.SendAsync(context.RequestAborted);
                ending.ThrowIfCancellationRequested();
            }
        }
    }

    private void WriteCurrent(EventReader reader, EventOutput output, long now)
    {
        var view = reader.Current;
        var record = PublishRecord.Read(view);
        if (!metrics.CountRead(record, now))
        {
            return;
        }

        WriteId(reader, output);
        output.Buffer.Write("data: "u8);
        var start = output.Buffer.Length;
        output.WriteEvent(view, record);

        // A payload that is embedded as JSON may have line breaks between its tokens, where a space is as good.
        var data = output.Buffer.From(start);
        data.Replace((byte)'\n', (byte)' ');
        data.Replace((byte)'\r', (byte)' ');
        output.Buffer.Write("\n\n"u8);
    }

    private void WriteGap(EventReader reader, LogGap gap, EventOutput output)
    {
        metrics.CountGap(gap);
        WriteId(reader, output);
        output.Buffer.Write("event: gap\ndata: "u8);
        output.WriteGap(gap);
        output.Buffer.Write("\n\n"u8);
    }

    /// <summary>Says that the stream lives, with all that was found so far, and winds the timer up again.</summary>
    private static async ValueTask<Task<bool>> KeepAliveAsync(
        EventReader reader, EventOutput output, HttpContext context, PeriodicTimer ticker, CancellationToken ending)
    {
        ending.ThrowIfCancellationRequested();
        output.Buffer.Write(": keep-alive\n"u8);
        WritePosition(reader, output);
        await output.SendAsync(context.RequestAborted);
        return ticker.WaitForNextTickAsync(ending).AsTask();
    }

    /// <summary>Without data it is no event, but the client remembers it: records that it does not want are not read again when it comes back.</summary>
    private static void WritePosition(EventReader reader, EventOutput output)
    {
        WriteId(reader, output);
        output.Buffer.Write("\n"u8);
    }

    private static void WriteId(EventReader reader, EventOutput output)
    {
        output.Buffer.Write("id: "u8);
        output.Buffer.Write(reader.Cursor.Utf8);
        output.Buffer.Write("\n"u8);
    }
}
