using Holdfast.Conformance.Client;
using Holdfast.Conformance.Target;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Conformance.Format;

/// <summary>Section 1.5: strings and numbers.</summary>
public sealed class DataRepresentationTests(TargetBroker broker) : ConformanceTest(broker)
{
    [Theory]
    [InlineData("3006 0003 EDA080 00", "a surrogate")]
    [InlineData("3005 0002 C080 00", "an overlong form")]
    [InlineData("3008 0001 61 04 2600 0100", "a string pair that ends too early")]
    [InlineData("300B 0001 61 07 26 0001 FF 0001 76", "a name that is ill-formed")]
    [InlineData("300B 0001 61 07 26 0001 6E 0001 FF", "a value that is ill-formed")]
    [InlineData("300B 0001 61 07 26 0001 6E 0001 00", "a value with U+0000")]
    [InlineData("3008 0001 61 04 03 0001 FF", "a content type that is ill-formed")]
    [InlineData("3008 0001 61 04 08 0001 FF", "a response topic that is ill-formed")]
    [InlineData("3006 0003 610062 00", "U+0000 in a topic")]
    [Clause(New, "1.5.4-1", "1.5.4-2", "1.5.7-1", "3.3.2-1", "3.3.2-13", "3.3.2-19")]
    public Task A_string_that_is_no_utf_8_is_malformed(string hex, string what) => ExpectFaultAsync(New, hex, ReasonCode.MalformedPacket, what);

    [Theory]
    [InlineData("3005 0003 EDA080", "a surrogate")]
    [InlineData("3004 0002 C080", "an overlong form")]
    [InlineData("3003 0001 FF", "an ill-formed topic")]
    [InlineData("3005 0003 610062", "U+0000 in a topic")]
    [InlineData("8206 0001 0001FF 00", "an ill-formed filter")]
    [Clause(Old, "1.5.3-1", "1.5.3-2", "3.3.2-1", "4.7.3-2")]
    public Task A_string_that_is_no_utf_8_ends_a_connection_of_3_1_1(string hex, string what)
        => ExpectFaultAsync(Old, hex, ReasonCode.MalformedPacket, what);

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "1.5.4-3", "4.7.3-4")]
    [Clause(Old, "1.5.3-3", "4.7.3-4")]
    public async Task A_byte_order_mark_is_a_character_like_others(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new(Topic("\uFEFFa"), Qos1), new(Topic("b\uFEFF"), Qos1));
        await PublishAsync(
            version, new Message(Topic("a"), "no", Qos1), new Message(Topic("\uFEFFa"), "yes", Qos1), new Message(Topic("b"), "no", Qos1));
        await subscriber.ExpectAsync(Topic("\uFEFFa"), "yes");
        await ExpectNothingMoreAsync(subscriber, Topic("b\uFEFF"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    [Clause(New, "1.5.5-1")]
    public async Task A_length_is_encoded_in_as_few_bytes_as_possible(ProtocolVersion version)
    {
        await using var subscriber = await SubscribedAsync(version, new SubscriptionRequest(Topic("a"), Qos0));
        foreach (var size in new[] { 0, 200, 20_000 })
        {
            await PublishAsync(version, new Message(Topic("a"), new byte[size]));
            var packet = await subscriber.ReceiveAsync(PacketType.Publish);
            var expected = packet.Body.Length < 128 ? 2 : packet.Body.Length < 16_384 ? 3 : 4;
            Assert.Equal(expected, packet.Length - packet.Body.Length);
        }
    }
}
