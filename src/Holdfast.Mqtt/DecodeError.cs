namespace Holdfast.Mqtt;

/// <summary>Why bytes were refused. A refusal is a result, not an exception.</summary>
/// <param name="Reason">What to tell the peer: usually <see cref="ReasonCode.MalformedPacket"/> or <see cref="ReasonCode.ProtocolError"/>.</param>
/// <param name="Message">What was wrong and where, in a sentence without secrets.</param>
/// <param name="Clause">
/// The normative statement of MQTT 5 that was broken, such as <c>MQTT-3.3.1-4</c>; one that only MQTT 3.1.1 has is written
/// <c>3.1.1 MQTT-3.1.2-22</c>. Empty when the standard gives none an id.
/// </param>
public readonly record struct DecodeError(ReasonCode Reason, string Message, string Clause)
{
    /// <summary>The bytes do not have the form that the standard describes.</summary>
    internal static DecodeError Malformed(string message, string clause = "") => new(ReasonCode.MalformedPacket, message, clause);

    /// <summary>The bytes have the form, and say what the standard does not allow.</summary>
    internal static DecodeError Protocol(string message, string clause = "") => new(ReasonCode.ProtocolError, message, clause);
}
