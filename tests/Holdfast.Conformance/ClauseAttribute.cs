using Xunit.v3;

namespace Holdfast.Conformance;

/// <summary>The normative statements that a test proves. Ids are those of MQTT 5; one that only 3.1.1 has begins with <c>3.1.1 </c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClauseAttribute(params string[] ids) : Attribute, ITraitAttribute
{
    /// <summary>The ids, without <c>MQTT-</c>.</summary>
    public IReadOnlyList<string> Ids => ids;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [.. ids.Select(id => KeyValuePair.Create("Clause", id))];
}
