using System.Text;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Tests.Harness;

namespace Holdfast.Broker.Tests.Publishing;

public sealed class DeviceBatchReaderTests
{
    /// <summary>The example of docs/device.md. The device library writes the same bytes; its test holds them too.</summary>
    private const string Example
        = "C5484642" + "01" + "0473316438" + "2A" + "80D095FFBC31" + "03" + "0474656D70" + "0A746578742F706C61696E" + "04" + "32312E35"
            + "08" + "E807" + "04" + "32312E36" + "0F" + "04646F6F72" + "00" + "01" + "01" + "04" + "6F70656E";

    [Fact]
    public void The_documented_example_reads_as_the_documentation_says()
    {
        var events = Read(Convert.FromHexString(Example), out var problem);
        Assert.Null(problem);
        Assert.Equal(
            [
                ("s1d8", 42UL, 1700000000000, "temp", "text/plain", "21.5"),
                ("s1d8", 43UL, 1700000000500, "temp", "text/plain", "21.6"),
                ("s1d8", 45UL, 1700000000499, "door", "", "open"),
            ],
            events);
    }

    [Fact]
    public void A_batch_that_is_cut_anywhere_is_refused_or_holds_the_whole_events_before_the_cut()
    {
        var whole = Convert.FromHexString(Example);
        var all = Read(whole, out _);
        var accepted = 0;
        for (var length = DeviceBatchReader.Magic.Length; length < whole.Length; length++)
        {
            var found = Read(whole[..length], out _);
            Assert.Equal(all.Take(found.Count), found);
            accepted += Problem(whole[..length]) is null ? 1 : 0;
        }

        Assert.Equal(2, accepted);
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new Random(1);
        var whole = Convert.FromHexString(Example);
        for (var i = 0; i < 20_000; i++)
        {
            var changed = (byte[])whole.Clone();
            for (var changes = random.Next(1, 5); changes > 0; changes--)
            {
                changed[random.Next(4, changed.Length)] = (byte)random.Next(256);
            }

            DeviceBatchReader.Check(changed, out _);
        }
    }

    [Fact]
    public void What_is_wrong_is_said_with_its_place()
    {
        Assert.Equal("The batch holds no event.", Problem(Head().ToArray()));
        Assert.Contains("version 2", Problem(new BatchBytes().Byte(2).ToArray()), StringComparison.Ordinal);
        Assert.Contains("stream", Problem(new BatchBytes().Byte(1).Text("").ToArray()), StringComparison.Ordinal);
        Assert.Contains("flags 20", Problem(Head().Byte(0x20).ToArray()), StringComparison.Ordinal);
        Assert.Contains("it has no name", Problem(Head().Byte(0).Payload("x").ToArray()), StringComparison.Ordinal);
        Assert.Contains("name", Problem(Head().Byte(1).Text("a/#").Payload("x").ToArray()), StringComparison.Ordinal);
        Assert.Contains("Event 2 of the batch, at byte 14: its payload is cut short", Problem(Head().Byte(1).Text("a").Payload("x").Byte(0).Number(9).ToArray()), StringComparison.Ordinal);
        Assert.Contains("receipt", Problem(Head().Byte(0x11).Text("a").Byte(9).ToArray()), StringComparison.Ordinal);
        Assert.Contains("sequence is too large", Problem(Head().Byte(5).Text("a").Number(ulong.MaxValue).Payload("x").ToArray()), StringComparison.Ordinal);
        Assert.Contains("time", Problem(Head().Byte(9).Text("a").Number(1).Payload("x").ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_receipt_holds_until_another_one_or_none_is_asked_for()
    {
        var batch = Head().Byte(0x11).Text("a").Text("delivered").Payload("1").Byte(0).Payload("2").Byte(0x10).Text("").Payload("3").ToArray();
        List<string> receipts = [];
        var reader = new DeviceBatchReader(batch);
        while (reader.MoveNext())
        {
            receipts.Add(Encoding.UTF8.GetString(reader.Receipt));
        }

        Assert.Null(reader.Problem);
        Assert.Equal(["delivered", "delivered", ""], receipts);
    }

    [Fact]
    public void A_batch_holds_1024_events_and_no_more()
    {
        var events = Enumerable.Repeat(("a", ""), DeviceBatchReader.MaximumEvents).ToList();
        Assert.Equal(1024, DeviceBatchReader.Check(BatchBytes.Of("s", 1, events), out var problem));
        Assert.Null(problem);
        Assert.Contains("at most 1024 events", Problem(BatchBytes.Of("s", 1, [.. events, ("a", "")])), StringComparison.Ordinal);
    }

    private static BatchBytes Head() => new BatchBytes().Head("s", 1, 0);

    private static string? Problem(byte[] batch)
    {
        DeviceBatchReader.Check(batch, out var problem);
        return problem;
    }

    private static List<(string Stream, ulong Sequence, long Time, string Name, string ContentType, string Payload)> Read(byte[] batch, out string? problem)
    {
        List<(string, ulong, long, string, string, string)> events = [];
        var reader = new DeviceBatchReader(batch);
        while (reader.MoveNext())
        {
            events.Add((
                Encoding.UTF8.GetString(reader.Stream), reader.Sequence, reader.PublishedAtMilliseconds, Encoding.UTF8.GetString(reader.Name),
                Encoding.UTF8.GetString(reader.ContentType), Encoding.UTF8.GetString(reader.Payload)));
        }

        problem = reader.Problem;
        return events;
    }
}
