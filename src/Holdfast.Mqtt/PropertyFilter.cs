namespace Holdfast.Mqtt;

/// <summary>Walks over encoded MQTT 5 properties that the decoder has validated.</summary>
public static class PropertyFilter
{
    /// <summary>Copies the properties that are forwarded unchanged with a PUBLISH, in order.</summary>
    /// <param name="properties">Validated properties without the length.</param>
    /// <param name="destination">At least as long as <paramref name="properties"/>.</param>
    /// <returns>The bytes written.</returns>
    public static int CopyForwardable(ReadOnlySpan<byte> properties, Span<byte> destination) => throw new NotImplementedException();

    /// <summary>The value of the first user property of that name.</summary>
    /// <param name="properties">Validated properties without the length.</param>
    /// <param name="name">The name in UTF-8.</param>
    /// <param name="value">The value in UTF-8.</param>
    public static bool TryGetUserProperty(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) => throw new NotImplementedException();

    /// <summary>The value of the first property with this identifier whose value is a string or binary data (content type 3, response topic 8, correlation data 9).</summary>
    /// <param name="properties">Validated properties without the length.</param>
    /// <param name="identifier">The property identifier.</param>
    /// <param name="value">The bytes.</param>
    public static bool TryGetBytes(ReadOnlySpan<byte> properties, byte identifier, out ReadOnlySpan<byte> value) => throw new NotImplementedException();

    /// <summary>The user properties, in order.</summary>
    /// <param name="properties">Validated properties without the length.</param>
    public static IReadOnlyList<Packets.UserProperty> GetUserProperties(ReadOnlySpan<byte> properties) => throw new NotImplementedException();
}
