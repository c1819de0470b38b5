using System.Text;
using Holdfast.Api.Problems;
using Holdfast.Broker.Reading;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Events.Reading;

/// <summary>
/// The last event of each topic, found by reading the log (docs/adr/0005-last-value.md): nothing is kept for it while nobody asks. It is exact as of the cursor
/// that comes with it.
/// </summary>
internal sealed class LastEvents(EventSource source, ApiMetrics metrics, TimeProvider time)
{
    /// <summary>The most topics of an answer.</summary>
    public const int MaximumTopics = 10_000;

    /// <summary>The most bytes of records of an answer.</summary>
    private const int MaximumBytes = 16 * 1024 * 1024;

    /// <summary>The most bytes of the log that are read for an answer.</summary>
    private const long MaximumScannedBytes = 1024 * 1024 * 1024;

    public async Task ServeAsync(HttpContext context)
    {
        if (!EventQuery.ParseLast(context).IsValid(out var query, out var problem)
            || !source.OpenPage(query).IsValid(out var opened, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        using var reader = opened;
        var topics = new TopicTable();
        var gaps = new List<LogGap>();
        problem = await FoldAsync(reader, topics, gaps, context.RequestAborted);
        if (problem is not null)
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        await WriteAsync(context, reader, topics, gaps);
    }

    private static async ValueTask<Problem?> FoldAsync(EventReader reader, TopicTable topics, List<LogGap> gaps, CancellationToken cancellationToken)
    {
        while (await reader.LoadAsync(cancellationToken))
        {
            if (reader.Gap is { } gap)
            {
                gaps.Add(gap);
            }

            while (reader.MoveNext())
            {
                topics.Set(reader.Current);
            }

            if (topics.Count > MaximumTopics || topics.Bytes > MaximumBytes)
            {
                return TooMuch($"There are more than {MaximumTopics:N0} topics, or their events have more than {MaximumBytes:N0} bytes.");
            }

            if (reader.BytesRead > MaximumScannedBytes)
            {
                return TooMuch($"More than {MaximumScannedBytes:N0} bytes of the log would have to be read.");
            }
        }

        return null;
    }

    private static Problem TooMuch(string what) => Problem.TooLarge($"{what} Ask for less: a device, a narrower filter, or a later 'from'.");

    private async Task WriteAsync(HttpContext context, EventReader reader, TopicTable topics, List<LogGap> gaps)
    {
        using var output = new EventOutput(context.Response.BodyWriter, source.Incarnations);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        output.Buffer.Write("{\"events\":["u8);
        var isFirst = true;
        foreach (var (_, last) in topics.InOrder())
        {
            if (TryWrite(last, output, now, isFirst))
            {
                isFirst = false;
            }

            if (output.IsFull)
            {
                await output.SendAsync(context.RequestAborted);
            }
        }

        output.Buffer.Write("],\"next\":\""u8);
        output.Buffer.Write(reader.Cursor.Utf8);
        output.Buffer.Write("\",\"gaps\":"u8);
        output.WriteGaps(gaps);
        output.Buffer.Write("}"u8);
        gaps.ForEach(metrics.CountGap);
        await output.SendAsync(context.RequestAborted);
    }

    private bool TryWrite(StoredEvent last, EventOutput output, long now, bool isFirst)
    {
        var view = RecordView.ReadFirst(last.Partition, last.Offset, last.Bytes);
        var record = PublishRecord.Read(view);
        if (!metrics.CountRead(record, now))
        {
            return false;
        }

        if (!isFirst)
        {
            output.Buffer.Write(","u8);
        }

        output.WriteEvent(view, record);
        return true;
    }

    /// <summary>The newest record of each topic.</summary>
    private sealed class TopicTable
    {
        private readonly Dictionary<string, StoredEvent> _topics = [];
        private readonly Dictionary<string, StoredEvent>.AlternateLookup<ReadOnlySpan<char>> _lookup;
        private char[] _name = new char[256];

        public TopicTable() => _lookup = _topics.GetAlternateLookup<ReadOnlySpan<char>>();

        public int Count => _topics.Count;

        public long Bytes { get; private set; }

        public IEnumerable<KeyValuePair<string, StoredEvent>> InOrder() => _topics.OrderBy(topic => topic.Key, StringComparer.Ordinal);

        /// <summary>A topic lies in one partition, so the record that comes later is the newer one.</summary>
        public void Set(in RecordView view)
        {
            var topic = PublishRecord.Read(view).Topic;
            if (_name.Length < topic.Length)
            {
                _name = new char[topic.Length];
            }

            var name = _name.AsSpan(0, Encoding.UTF8.GetChars(topic, _name));
            if (!_lookup.TryGetValue(name, out var last))
            {
                _topics.Add(name.ToString(), last = new StoredEvent());
            }

            Bytes += view.Bytes.Length - last.Length;
            last.Set(view);
        }
    }

    /// <summary>A copy of a record, whose memory is used again by the next.</summary>
    private sealed class StoredEvent
    {
        private byte[] _bytes = [];

        public int Partition { get; private set; }

        public long Offset { get; private set; }

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

        public void Set(in RecordView view)
        {
            if (_bytes.Length < view.Bytes.Length)
            {
                _bytes = new byte[view.Bytes.Length];
            }

            view.Bytes.CopyTo(_bytes);
            (Partition, Offset, Length) = (view.Partition, view.Offset, view.Bytes.Length);
        }
    }
}
