using Holdfast.Broker.Identities;

namespace Holdfast.Api.Identities;

/// <summary>The scopes as they are written.</summary>
internal static class ScopeNames
{
    private static readonly (string Name, Scopes Scope)[] All =
        [("publish", Scopes.Publish), ("subscribe", Scopes.Subscribe), ("read", Scopes.Read), ("manage", Scopes.Manage)];

    public static IEnumerable<string> Of(Scopes scopes) => All.Where(one => scopes.HasFlag(one.Scope)).Select(one => one.Name);

    /// <summary>Reads scopes.</summary>
    /// <returns>Null when one of the names is none, or there are none.</returns>
    public static Scopes? Parse(IReadOnlyCollection<string?> names)
    {
        var scopes = Scopes.None;
        foreach (var name in names)
        {
            var scope = All.FirstOrDefault(one => one.Name == name).Scope;
            if (scope == Scopes.None)
            {
                return null;
            }

            scopes |= scope;
        }

        return scopes == Scopes.None ? null : scopes;
    }
}
