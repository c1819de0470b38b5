using Holdfast.Mqtt.Tests.Generated;
using Holdfast.Mqtt.Tests.Oracle;

namespace Holdfast.Mqtt.Tests;

/// <summary>The decoder and the oracle must agree on every packet: what it says, or that it is refused.</summary>
public sealed class AgreementTests
{
    private const int RoundTrips = 8_000;
    private const int Truncated = 500;
    private const int Mutated = 20_000;
    private const int RandomPackets = 60_000;

    [Fact]
    public void What_is_written_is_read_back()
        => Seeded.ForEach(SamplePackets.Any, RoundTrips, (packet, unused) =>
        {
            Assert.Equal(packet.Text, Decoding.Decode(packet.Bytes, packet.Version, packet.FromServer, out _));
            Assert.Equal(packet.Text, SlowDecoder.Decode(packet.Bytes, (int)packet.Version, packet.FromServer));
        });

    [Fact]
    public void Every_prefix_of_a_packet_is_incomplete()
        => Seeded.ForEach(SamplePackets.Any, Truncated, (packet, _) =>
        {
            for (var length = 0; length < Math.Min(packet.Bytes.Length, 600); length++)
            {
                var status = PacketDecoder.TryReadHeader(packet.Bytes.AsSpan(0, length), uint.MaxValue, out var header);
                Assert.True(status == FrameStatus.Incomplete || (status == FrameStatus.Complete && header.Length == packet.Bytes.Length));
            }
        });

    [Fact]
    public void Every_prefix_of_a_body_is_judged_like_the_oracle_judges_it()
        => Seeded.ForEach(SamplePackets.Any, Truncated, (packet, unused) =>
        {
            _ = PacketDecoder.TryReadHeader(packet.Bytes, uint.MaxValue, out var header);
            for (var length = 0; length < Math.Min(header.BodyLength, 300); length++)
            {
                AssertAgreement(
                    PacketBytes.Packet(packet.Bytes[0], packet.Bytes[header.HeaderLength..(header.HeaderLength + length)]),
                    packet.Version,
                    packet.FromServer);
            }
        });

    [Fact]
    public void A_changed_byte_is_judged_like_the_oracle_judges_it()
        => Seeded.ForEach(SamplePackets.Any, Mutated, (packet, random) =>
        {
            // The interesting bytes are at the front; long values are all alike.
            var position = random.Next(Math.Min(packet.Bytes.Length, 200));
            packet.Bytes[position] = random.Next(4) == 0 ? (byte)random.Next(256) : (byte)(packet.Bytes[position] + random.Next(-2, 3));
            AssertAgreement(packet.Bytes, packet.Version, packet.FromServer);
        });

    [Fact]
    public void Random_bytes_are_judged_like_the_oracle_judges_them()
    {
        var random = new Random(20_260_101);
        for (var i = 0; i < RandomPackets; i++)
        {
            var body = new byte[random.Next(40)];
            random.NextBytes(body);
            for (var k = 0; k < body.Length; k++)
            {
                // Small numbers are lengths and identifiers that have a meaning.
                body[k] = random.Next(3) == 0 ? body[k] : (byte)(body[k] % 12);
            }

            var flags = random.Next(3) == 0 ? random.Next(16) : new[] { 0, 2 }[random.Next(2)];
            AssertAgreement(
                PacketBytes.Packet((random.Next(16) << 4) | flags, body), random.Next(2) == 0 ? ProtocolVersion.Mqtt311 : ProtocolVersion.Mqtt5, random.Next(2) == 0);
        }
    }

    private static void AssertAgreement(byte[] packet, ProtocolVersion version, bool fromServer)
    {
        var expected = SlowDecoder.Decode(packet, (int)version, fromServer);
        var actual = Decoding.Decode(packet, version, fromServer, out var error);
        Assert.True(expected == actual, $"{Convert.ToHexString(packet)} ({version}): expected {expected ?? "refusal"}, got {actual ?? error.ToString()}");
        if (actual is null && error != default)
        {
            Assert.True(error.Reason >= ReasonCode.UnspecifiedError && error.Message.Length > 0);
        }
    }
}
