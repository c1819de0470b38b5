using static Holdfast.Mqtt.Wire.PropertyIdentifier;

namespace Holdfast.Mqtt.Wire;

/// <summary>
/// Walks over the properties of one packet and judges each: allowed there, given once, of a value that the standard permits. Read until
/// <see cref="TryNext"/> returns false, then look at <see cref="Failed"/>.
/// </summary>
internal ref struct PropertyReader(ReadOnlySpan<byte> properties, PropertySet allowed)
{
    private PacketReader _reader = new(properties);
    private PropertySet _seen;

    /// <summary>Whether a property was refused.</summary>
    public bool Failed { get; private set; }

    /// <summary>Why.</summary>
    public readonly DecodeError Error => _reader.Error;

    /// <summary>Whether a property of this kind has been read.</summary>
    public readonly bool HasSeen(PropertyIdentifier identifier) => _seen.Contains(identifier);

    /// <summary>Reads the next property.</summary>
    /// <returns>False at the end, and when it is refused.</returns>
    public bool TryNext(out Property property)
    {
        if (_reader.Rest.IsEmpty)
        {
            property = default;
            return false;
        }

        if (!Property.TryRead(ref _reader, out property))
        {
            Failed = true;
            return false;
        }

        if (!TryJudge(property, out var error))
        {
            Failed = true;
            return _reader.Refuse(error);
        }

        _seen = _seen.With(property.Identifier);
        return true;
    }

    /// <summary>Reads all properties for their validity only.</summary>
    public bool TryReadToEnd(out DecodeError error)
    {
        while (TryNext(out _))
        {
        }

        error = Error;
        return !Failed;
    }

    private readonly bool TryJudge(in Property property, out DecodeError error)
    {
        var identifier = property.Identifier;
        if (!allowed.Contains(identifier))
        {
            error = DecodeError.Malformed($"The property {identifier} does not belong into this packet.");
            return false;
        }

        // A PUBLISH to a client may name several subscriptions; the decoder refuses the identifier altogether in one from a client.
        var repeatable = identifier == UserProperty || (identifier == SubscriptionIdentifier && allowed.Contains(TopicAlias));
        if (_seen.Contains(identifier) && !repeatable)
        {
            error = DecodeError.Protocol($"The property {identifier} is given twice.");
            return false;
        }

        return TryJudgeValue(property, out error);
    }

    private static bool TryJudgeValue(in Property property, out DecodeError error)
    {
        error = default;
        switch (Property.TypeOf(property.Identifier))
        {
            case PropertyType.Byte when property.Number > 1:
                error = DecodeError.Protocol($"The property {property.Identifier} is neither 0 nor 1.");
                return false;
            case PropertyType.Utf8String when property.Identifier == ResponseTopic && property.Bytes.IsEmpty:
                error = DecodeError.Protocol("The response topic is empty.", "MQTT-4.7.3-1");
                return false;
            case PropertyType.Utf8String when property.Identifier == ResponseTopic:
                return Utf8Text.TryValidateTopicName(property.Bytes, "MQTT-3.3.2-14", out error);
            case PropertyType.Utf8String:
                return Utf8Text.TryValidate(property.Bytes, out error);
            case PropertyType.Utf8StringPair:
                return Utf8Text.TryValidate(property.Name, out error) && Utf8Text.TryValidate(property.Bytes, out error);
            case PropertyType.TwoByteInteger or PropertyType.FourByteInteger or PropertyType.VariableByteInteger when property.Number == 0:
                return TryJudgeZero(property.Identifier, out error);
            default:
                return true;
        }
    }

    private static bool TryJudgeZero(PropertyIdentifier identifier, out DecodeError error)
    {
        error = identifier switch
        {
            ReceiveMaximum or MaximumPacketSize or SubscriptionIdentifier => DecodeError.Protocol($"The property {identifier} is 0."),
            TopicAlias => new DecodeError(ReasonCode.TopicAliasInvalid, "The topic alias is 0.", "MQTT-3.3.2-8"),
            _ => default,
        };
        return error == default;
    }
}
