using Holdfast.Mqtt;

namespace Holdfast.Conformance.Statements;

/// <summary>A normative statement of the standard.</summary>
/// <param name="Version">The version that makes it.</param>
/// <param name="Id">Its id, without <c>MQTT-</c>.</param>
/// <param name="Who">Who must obey: the server, the client or both.</param>
/// <param name="Text">What it demands, in our words.</param>
public sealed record Statement(ProtocolVersion Version, string Id, string Who, string Text)
{
    /// <summary>Names it in messages.</summary>
    public override string ToString() => $"MQTT {StatementList.NameOf(Version)} [MQTT-{Id}]";
}
