using System.Text;
using Holdfast.Device.Batches;
using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests.Batches;

public sealed class BatchWriterTests
{
    private const string Prefix = "devices/d/events/";

    /// <summary>The example of docs/device.md. The broker reads the same bytes; its test holds them too.</summary>
    private const string Example
        = "C5484642" + "01" + "0473316438" + "2A" + "80D095FFBC31" + "03" + "0474656D70" + "0A746578742F706C61696E" + "04" + "32312E35"
            + "08" + "E807" + "04" + "32312E36" + "0F" + "04646F6F72" + "00" + "01" + "01" + "04" + "6F70656E";

    [Fact]
    public void The_documented_example_is_written()
    {
        StoredEvent[] events =
        [
            Event(42, 1700000000000, "temp", "text/plain", "21.5"),
            Event(43, 1700000000500, "temp", "text/plain", "21.6"),
            Event(45, 1700000000499, "door", "", "open"),
        ];
        Assert.Equal(Example, Convert.ToHexString(BatchWriter.Write(events, Prefix)));
    }

    [Fact]
    public void A_receipt_is_written_when_it_changes()
    {
        StoredEvent[] events = [Waiting(1, "delivered"), Waiting(2, "delivered"), Waiting(3, "")];
        Assert.Equal(
            "C5484642" + "01" + "0473316438" + "01" + "00" + "11" + "0161" + "0964656C697665726564" + "0178" + "00" + "0178" + "10" + "00" + "0178",
            Convert.ToHexString(BatchWriter.Write(events, Prefix)));

        static StoredEvent Waiting(ulong sequence, string receipt) => Event(sequence, 0, "a", "", "x") with { Receipt = receipt };
    }

    [Fact]
    public void A_hundred_small_events_cost_little_more_than_their_payloads()
    {
        var events = Enumerable.Range(0, 100).Select(n => Event((ulong)n + 1, 1700000000000 + (n * 1000), "temp", "", new string('x', 100))).ToList();
        Assert.InRange(BatchWriter.Write(events, Prefix).Length, 100 * 100, 100 * 105);
    }

    private static StoredEvent Event(ulong sequence, long time, string name, string contentType, string text)
        => new(new EventIdentity("s1d8", sequence), EventPriority.Normal, time, $"{Prefix}{name}", contentType, Encoding.UTF8.GetBytes(text));
}
