using Holdfast.Mqtt.Packets;
using static Holdfast.Mqtt.Tests.PacketBytes;

namespace Holdfast.Mqtt.Tests;

public sealed class PropertyFilterTests
{
    private static readonly byte[] Encoded =
    [
        1, 1, 38, .. Text("n"), .. Text("first"), 9, .. Binary(0, 1), 2, 0, 0, 0, 9, 38, .. Text("n"), .. Text("second"), 8, .. Text("reply"), 11, 5,
    ];

    [Fact]
    public void Finds_the_first_user_property_of_a_name()
    {
        Assert.True(PropertyFilter.TryGetUserProperty(Encoded, "n"u8, out var value));
        Assert.Equal("first"u8, value);
        Assert.False(PropertyFilter.TryGetUserProperty(Encoded, "N"u8, out _));
        Assert.False(PropertyFilter.TryGetUserProperty([], "n"u8, out _));
    }

    [Fact]
    public void Finds_strings_and_binary_data_by_identifier()
    {
        Assert.True(PropertyFilter.TryGetBytes(Encoded, 8, out var topic));
        Assert.Equal("reply"u8, topic);
        Assert.True(PropertyFilter.TryGetBytes(Encoded, 9, out var correlation));
        Assert.Equal(new byte[] { 0, 1 }, correlation);
        Assert.False(PropertyFilter.TryGetBytes(Encoded, 3, out _));
        Assert.False(PropertyFilter.TryGetBytes(Encoded, 2, out _));
        Assert.False(PropertyFilter.TryGetBytes(Encoded, 38, out _));
    }

    [Fact]
    public void Finds_numbers_by_identifier()
    {
        Assert.True(PropertyFilter.TryGetNumber(Encoded, 1, out var format));
        Assert.Equal(1u, format);
        Assert.True(PropertyFilter.TryGetNumber(Encoded, 2, out var expiry));
        Assert.Equal(9u, expiry);
        Assert.False(PropertyFilter.TryGetNumber(Encoded, 8, out _));
    }

    [Fact]
    public void Lists_the_user_properties_in_order()
        => Assert.Equal([new UserProperty("n", "first"), new UserProperty("n", "second")], PropertyFilter.GetUserProperties(Encoded));

    [Fact]
    public void Copies_what_is_forwarded()
    {
        var destination = new byte[Encoded.Length];
        var length = PropertyFilter.CopyForwardable(Encoded, destination);

        Assert.Equal(
            [1, 1, 38, .. Text("n"), .. Text("first"), 9, .. Binary(0, 1), 38, .. Text("n"), .. Text("second"), 8, .. Text("reply")],
            destination[..length]);
    }
}
