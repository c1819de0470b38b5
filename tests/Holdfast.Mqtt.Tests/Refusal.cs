namespace Holdfast.Mqtt.Tests;

/// <summary>A packet that must be refused, with the reason and the clause.</summary>
public sealed record Refusal(
    string Name, byte[] Packet, ReasonCode Reason, string Clause, ProtocolVersion Version = ProtocolVersion.Mqtt5, bool FromServer = false)
{
    /// <summary>Asserts that the decoder and the oracle refuse the packet, and that the decoder says why.</summary>
    public void Verify()
    {
        Assert.Null(Oracle.SlowDecoder.Decode(Packet, (int)Version, FromServer));
        Assert.Null(Decoding.Decode(Packet, Version, FromServer, out var error));
        Assert.Equal(Reason, error.Reason);
        Assert.Equal(Clause, error.Clause);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The rows of a theory, named after clause and fault.</summary>
    public static IEnumerable<TheoryDataRow<Refusal>> Rows(params Refusal[] refusals) => refusals.Select(refusal => new TheoryDataRow<Refusal>(refusal)
    {
        TestDisplayName = $"{(refusal.Clause.Length == 0 ? "no clause" : refusal.Clause)}: {refusal.Name} ({refusal.Version})",
    });
}
