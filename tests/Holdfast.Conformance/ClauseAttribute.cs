using Holdfast.Mqtt;
using Xunit.v3;

namespace Holdfast.Conformance;

/// <summary>The normative statements of one version that a test proves; the versions number theirs differently.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ClauseAttribute(ProtocolVersion version, params string[] ids) : Attribute, ITraitAttribute
{
    /// <summary>The version whose statements they are.</summary>
    public ProtocolVersion Version => version;

    /// <summary>The ids, without <c>MQTT-</c>.</summary>
    public IReadOnlyList<string> Ids => ids;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits()
        => [.. ids.Select(id => KeyValuePair.Create("Clause", $"{(version == ProtocolVersion.Mqtt5 ? "5.0" : "3.1.1")}/MQTT-{id}"))];
}
