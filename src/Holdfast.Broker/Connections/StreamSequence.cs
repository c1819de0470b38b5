using System.Buffers.Text;
using Holdfast.Log.Records;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Connections;

/// <summary>The user properties that name a publisher's stream and sequence.</summary>
internal static class StreamSequence
{
    /// <summary>The name of the property with the stream.</summary>
    public static ReadOnlySpan<byte> StreamName => "hf-stream"u8;

    /// <summary>The name of the property with the sequence.</summary>
    public static ReadOnlySpan<byte> SequenceName => "hf-seq"u8;

    /// <summary>Puts stream and sequence into the record, when both are there and well formed; else the message is stored without.</summary>
    public static void Read(ReadOnlySpan<byte> properties, ref PublishRecord record)
    {
        if (PropertyFilter.TryGetUserProperty(properties, SequenceName, out var text)
            && Utf8Parser.TryParse(text, out ulong sequence, out var consumed) && consumed == text.Length
            && PropertyFilter.TryGetUserProperty(properties, StreamName, out var stream)
            && stream.Length is > 0 and <= byte.MaxValue)
        {
            record.Stream = stream;
            record.Sequence = sequence;
        }
    }
}
