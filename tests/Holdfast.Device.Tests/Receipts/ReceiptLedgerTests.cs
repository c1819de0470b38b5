using System.Text;
using Holdfast.Device.Receipts;

namespace Holdfast.Device.Tests.Receipts;

public sealed class ReceiptLedgerTests
{
    private readonly ReceiptLedger _ledger = new();

    [Fact]
    public void Delivered_by_anybody_is_enough_unless_names_are_given()
    {
        Take("billing", "s delivered 1-3,7\n");
        Take("archive", "s delivered 2\nt delivered 1-9\n");

        Assert.Equal(["Delivered", "Delivered", "Delivered", "Unknown", "Delivered"], FatesOf("delivered", 1, 2, 3, 4, 7));
        Assert.Equal(["Unknown", "Delivered", "Unknown"], FatesOf("delivered:archive", 1, 2, 3));
        Assert.Equal(["Unknown", "Delivered", "Unknown"], FatesOf("delivered:archive,billing", 1, 2, 3));
        Assert.Equal(["Unknown"], FatesOf("delivered:other", 1));
    }

    [Fact]
    public void The_last_message_of_an_integration_counts()
    {
        Take("billing", "s delivered 1-3\ns undelivered 4\n");
        Assert.Equal(EventFate.Undelivered, _ledger.FateOf("delivered:billing", new EventIdentity("s", 4), out var by));
        Assert.Equal("billing", by);

        Take("billing", "s delivered 1-4\n");
        Assert.Equal(["Delivered"], FatesOf("delivered:billing", 4));
    }

    [Theory]
    [InlineData("s delivered")]
    [InlineData("s delivered 3-1,x,-")]
    [InlineData("s forgotten 1-9")]
    [InlineData("\0")]
    public void What_cannot_be_read_says_nothing(string text)
    {
        Take("billing", text);
        Assert.Equal(["Unknown"], FatesOf("delivered", 1));
    }

    [Fact]
    public void The_integrations_that_are_listened_to_are_bounded()
    {
        for (var number = 0; number <= ReceiptLedger.MaximumIntegrations; number++)
        {
            Take($"i{number}", "s delivered 1\n");
        }

        Assert.Equal(["Delivered"], FatesOf($"delivered:i{ReceiptLedger.MaximumIntegrations - 1}", 1));
        Assert.Equal(["Unknown"], FatesOf($"delivered:i{ReceiptLedger.MaximumIntegrations}", 1));
    }

    private void Take(string integration, string text) => _ledger.Take(integration, Encoding.UTF8.GetBytes(text));

    private string[] FatesOf(string wish, params ulong[] sequences)
        => [.. sequences.Select(sequence => _ledger.FateOf(wish, new EventIdentity("s", sequence), out _).ToString())];
}
