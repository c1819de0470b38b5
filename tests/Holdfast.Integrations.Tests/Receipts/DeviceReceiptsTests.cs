using System.Text;
using Holdfast.Integrations.Receipts;

namespace Holdfast.Integrations.Tests.Receipts;

public sealed class DeviceReceiptsTests
{
    [Fact]
    public void What_is_added_is_told_as_ranges_and_read_back()
    {
        var receipts = DeviceReceipts.Parse([]);
        foreach (var sequence in new ulong[] { 1, 2, 3, 7, 5, 6, 9 })
        {
            Assert.True(receipts.Add("s1", sequence, isDelivered: true));
        }

        Assert.True(receipts.Add("s1", 8, isDelivered: false));
        Assert.Equal("s1 delivered 1-3,5-7,9\ns1 undelivered 8\n", Text(receipts));

        var again = DeviceReceipts.Parse(receipts.Write());
        Assert.False(again.Add("s1", 6, isDelivered: true));
        Assert.False(again.Add("s1", 8, isDelivered: false));
        Assert.True(again.Add("s1", 4, isDelivered: true));
        Assert.True(again.Add("s2", 0, isDelivered: true));
        Assert.Equal("s1 delivered 1-7,9\ns1 undelivered 8\ns2 delivered 0\n", Text(again));
    }

    [Fact]
    public void The_streams_that_are_remembered_are_bounded_and_the_least_recent_goes()
    {
        var receipts = DeviceReceipts.Parse([]);
        for (var number = 0; number < DeviceReceipts.MaximumStreams; number++)
        {
            receipts.Add($"s{number}", 1, isDelivered: true);
        }

        receipts.Add("s0", 2, isDelivered: true);
        receipts.Add("another", 1, isDelivered: true);

        Assert.Equal(DeviceReceipts.MaximumStreams, Text(receipts).Count(character => character == '\n'));
        Assert.Contains("s0 delivered 1-2\n", Text(receipts), StringComparison.Ordinal);
        Assert.DoesNotContain("s1 ", Text(receipts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("s delivered")]
    [InlineData("s delivered x,5-2,-,")]
    [InlineData("s other 1-2")]
    [InlineData("a b delivered 1")]
    public void What_cannot_be_read_is_left_out(string text)
        => Assert.Equal("t delivered 1\n", Text(With(DeviceReceipts.Parse(Encoding.UTF8.GetBytes(text)))));

    private static DeviceReceipts With(DeviceReceipts receipts)
    {
        receipts.Add("t", 1, isDelivered: true);
        return receipts;
    }

    private static string Text(DeviceReceipts receipts) => Encoding.ASCII.GetString(receipts.Write());
}
