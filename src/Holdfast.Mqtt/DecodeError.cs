namespace Holdfast.Mqtt;

/// <summary>Why bytes were refused. A refusal is a result, not an exception.</summary>
/// <param name="Reason">What to tell the peer: usually <see cref="ReasonCode.MalformedPacket"/> or <see cref="ReasonCode.ProtocolError"/>.</param>
/// <param name="Message">What was wrong and where, in a sentence without secrets.</param>
/// <param name="Clause">The normative statement that was broken, such as <c>MQTT-3.3.1-4</c>; empty when the standard gives none an id.</param>
public readonly record struct DecodeError(ReasonCode Reason, string Message, string Clause);
