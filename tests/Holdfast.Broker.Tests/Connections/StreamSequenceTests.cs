using System.Buffers;
using System.Text;
using Holdfast.Broker.Connections;
using Holdfast.Log.Records;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Tests.Connections;

public sealed class StreamSequenceTests
{
    [Theory]
    [InlineData("s", "0", true)]
    [InlineData("s", "18446744073709551615", true)]
    [InlineData("s", "18446744073709551616", false)]
    [InlineData("s", "-1", false)]
    [InlineData("s", "1x", false)]
    [InlineData("s", "", false)]
    [InlineData("s", null, false)]
    [InlineData("", "1", false)]
    [InlineData(null, "1", false)]
    public void Both_must_be_there_and_well_formed(string? stream, string? sequence, bool isTaken)
    {
        var record = Read(("other", "x"), ("hf-seq", sequence), ("hf-stream", stream));
        Assert.Equal(isTaken ? stream : "", Encoding.UTF8.GetString(record.Stream));
        Assert.Equal(isTaken ? ulong.Parse(sequence!) : 0, record.Sequence);
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void A_stream_has_at_most_255_bytes(int length, bool isTaken)
        => Assert.Equal(isTaken ? length : 0, Read(("hf-stream", new string('s', length)), ("hf-seq", "1")).Stream.Length);

    private static PublishRecord Read(params (string Name, string? Value)[] properties)
    {
        var bytes = new ArrayBufferWriter<byte>();
        PropertyEncoder.Write("text/plain", [.. properties.Where(one => one.Value is not null).Select(one => new UserProperty(one.Name, one.Value!))], bytes);
        var record = default(PublishRecord);
        StreamSequence.Read(bytes.WrittenSpan.ToArray(), ref record);
        return record;
    }
}
