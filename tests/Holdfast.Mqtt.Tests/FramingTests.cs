namespace Holdfast.Mqtt.Tests;

public sealed class FramingTests
{
    [Theory]
    [InlineData("C000", PacketType.PingReq, 0, 2, 0)]
    [InlineData("327F", PacketType.Publish, 2, 2, 127)]
    [InlineData("3F8001", PacketType.Publish, 15, 3, 128)]
    [InlineData("30FF7F", PacketType.Publish, 0, 3, 16_383)]
    [InlineData("30808001", PacketType.Publish, 0, 4, 16_384)]
    [InlineData("30FFFF7F", PacketType.Publish, 0, 4, 2_097_151)]
    [InlineData("3080808001", PacketType.Publish, 0, 5, 2_097_152)]
    [InlineData("F0FFFFFF7F00", PacketType.Auth, 0, 5, 268_435_455)]
    public void Reads_the_fixed_header(string hex, PacketType type, byte flags, int headerLength, int bodyLength)
    {
        Assert.Equal(FrameStatus.Complete, PacketDecoder.TryReadHeader(Convert.FromHexString(hex), uint.MaxValue, out var header));
        Assert.Equal(new FrameHeader(type, flags, headerLength, bodyLength), header);
        Assert.Equal(headerLength + bodyLength, header.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("3080")]
    [InlineData("308080")]
    [InlineData("30808080")]
    public void Half_a_fixed_header_is_incomplete(string hex)
        => Assert.Equal(FrameStatus.Incomplete, PacketDecoder.TryReadHeader(Convert.FromHexString(hex), 0, out _));

    [Theory]
    [InlineData("00")]
    [InlineData("0F00")]
    [InlineData("3080808080")]
    [InlineData("30FFFFFFFF")]
    [InlineData("308000")]
    [InlineData("30808000")]
    [InlineData("3080808000")]
    public void Type_0_and_a_remaining_length_that_is_too_long_are_malformed(string hex)
        => Assert.Equal(FrameStatus.Malformed, PacketDecoder.TryReadHeader(Convert.FromHexString(hex), uint.MaxValue, out _));

    [Theory]
    [InlineData("307F", 129u, FrameStatus.Complete)]
    [InlineData("307F", 128u, FrameStatus.TooLarge)]
    [InlineData("308001", 131u, FrameStatus.Complete)]
    [InlineData("308001", 130u, FrameStatus.TooLarge)]
    [InlineData("30FFFFFF7F", 268_435_460u, FrameStatus.Complete)]
    [InlineData("30FFFFFF7F", 268_435_459u, FrameStatus.TooLarge)]
    public void The_whole_packet_counts_against_the_maximum(string hex, uint maximum, FrameStatus expected)
        => Assert.Equal(expected, PacketDecoder.TryReadHeader(Convert.FromHexString(hex), maximum, out _));
}
