using Holdfast.Api.Problems;
using Holdfast.Broker.Reading;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Events.Reading;

/// <summary>Events as JSON, a page at a time. Pages are written while the log is read, so their size is no matter of memory.</summary>
internal sealed class EventPages(EventSource source, ApiMetrics metrics, TimeProvider time)
{
    /// <summary>A page ends when it has so many bytes.</summary>
    private const int PageBytes = 4 * 1024 * 1024;

    /// <summary>A page ends when so many bytes of the log were read for it, even if nothing matched: no request keeps the disk busy for long.</summary>
    private const int ScannedBytes = 64 * 1024 * 1024;

    public async Task ServeAsync(HttpContext context)
    {
        if (!EventQuery.ParsePage(context).IsValid(out var query, out var problem)
            || !source.OpenPage(query).IsValid(out var opened, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        using var reader = opened;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        await WriteAsync(context, query, reader);
    }

    private async Task WriteAsync(HttpContext context, EventQuery query, EventReader reader)
    {
        using var output = new EventOutput(context.Response.BodyWriter, source.Incarnations);
        var gaps = new List<LogGap>();
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var page = new PageSize(query.Limit);
        output.Buffer.Write("{\"events\":["u8);
        while (!page.IsFull && reader.BytesRead < ScannedBytes && await reader.LoadAsync(context.RequestAborted))
        {
            if (reader.Gap is { } gap)
            {
                gaps.Add(gap);
            }

            while (!page.IsFull && reader.MoveNext())
            {
                WriteCurrent(reader, output, now, page);
                if (output.IsFull)
                {
                    await output.SendAsync(context.RequestAborted);
                }
            }
        }

        WriteEnd(reader, output, gaps);
        await output.SendAsync(context.RequestAborted);
    }

    private void WriteCurrent(EventReader reader, EventOutput output, long now, PageSize page)
    {
        var view = reader.Current;
        var record = PublishRecord.Read(view);
        if (metrics.CountRead(record, now))
        {
            var start = output.Buffer.Length;
            if (page.Count > 0)
            {
                output.Buffer.Write(","u8);
            }

            output.WriteEvent(view, record);
            page.Count++;
            page.Bytes += output.Buffer.Length - start;
        }
    }

    private void WriteEnd(EventReader reader, EventOutput output, List<LogGap> gaps)
    {
        output.Buffer.Write("],\"next\":\""u8);
        output.Buffer.Write(reader.Cursor.Utf8);
        output.Buffer.Write(reader.HasMore ? "\",\"more\":true,\"gaps\":"u8 : "\",\"more\":false,\"gaps\":"u8);
        output.WriteGaps(gaps);
        output.Buffer.Write("}"u8);
        gaps.ForEach(metrics.CountGap);
    }

    private sealed class PageSize(int limit)
    {
        public int Count { get; set; }

        public int Bytes { get; set; }

        public bool IsFull => Count >= limit || Bytes >= PageBytes;
    }
}
