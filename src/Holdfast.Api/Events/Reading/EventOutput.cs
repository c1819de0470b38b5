using System.IO.Pipelines;
using System.Text.Json;
using Holdfast.Broker.Events;
using Holdfast.Broker.Publishing;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Api.Events.Reading;

/// <summary>Writes events and gaps as JSON straight from the log's records: no strings and no objects for an event.</summary>
internal sealed class EventOutput(PipeWriter body, Incarnations incarnations) : IDisposable
{
    /// <summary>So much is collected before it is sent, in bytes. A client that does not read holds no more than that, and one event.</summary>
    private const int SendBytes = 64 * 1024;

    private readonly Utf8JsonWriter _json = new(Stream.Null, EventWriter.WriterOptions);
    private readonly char[] _id = new char[EventId.LengthLimit(incarnations)];

    public OutputBuffer Buffer { get; } = new();

    /// <summary>Whether it is time to send.</summary>
    public bool IsFull => Buffer.Length >= SendBytes;

    public void WriteEvent(in RecordView view, in PublishRecord record)
    {
        _json.Reset(Buffer);
        EventWriter.Write(_json, EventId.Format(_id, incarnations, view.Partition, view.Offset), record);
        _json.Flush();
    }

    public void WriteGap(LogGap gap)
    {
        _json.Reset(Buffer);
        _json.WriteStartObject();
        _json.WriteString("reason"u8, gap.Reason == LogGapReason.Trimmed ? "trimmed"u8 : "damaged"u8);
        _json.WriteNumber("partition"u8, gap.Partition);
        _json.WriteNumber("fromOffset"u8, gap.FromOffset);
        _json.WriteNumber("records"u8, gap.ToOffset - gap.FromOffset);
        _json.WriteEndObject();
        _json.Flush();
    }

    public void WriteGaps(List<LogGap> gaps)
    {
        Buffer.Write("["u8);
        for (var i = 0; i < gaps.Count; i++)
        {
            Buffer.Write(i == 0 ? ""u8 : ","u8);
            WriteGap(gaps[i]);
        }

        Buffer.Write("]"u8);
    }

    /// <summary>Sends what was collected, as fast as the client reads.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or the token was cancelled.</exception>
    public async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        if (Buffer.Length > 0)
        {
            try
            {
                var sent = await body.WriteAsync(Buffer.Written, cancellationToken);
                if (sent.IsCompleted || sent.IsCanceled)
                {
                    throw new OperationCanceledException("The client has gone.");
                }
            }
            finally
            {
                Buffer.Clear(); // The body has it, even when the waiting was cancelled: it must not be written again.
            }
        }
    }

    public void Dispose() => _json.Dispose();
}
