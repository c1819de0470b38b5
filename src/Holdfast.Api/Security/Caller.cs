using Holdfast.Broker.Access;
using Holdfast.Broker.Identities;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Security;

/// <summary>Who calls.</summary>
/// <param name="Product">The only product that exists for it; null for all.</param>
/// <param name="Scopes">What it may do there.</param>
/// <param name="Rights">Where it may publish.</param>
/// <param name="Publisher">Who has published, as events tell it.</param>
internal sealed record Caller(string? Product, Scopes Scopes, Rights Rights, string Publisher)
{
    /// <summary>Who publishes without a name.</summary>
    private const string Unnamed = "http";

    private const Scopes AllScopes = Scopes.Publish | Scopes.Subscribe | Scopes.Read | Scopes.Manage;

    /// <summary>Whoever has the administrator's token.</summary>
    public static Caller Administrator { get; } = new(null, AllScopes, Rights.Everything, Unnamed);

    /// <summary>Whoever has none, where that is allowed.</summary>
    public static Caller Anonymous { get; } = new(IdentityRegistry.DefaultProduct, Scopes.None, Rights.Everything, Unnamed);

    /// <summary>The caller of a request that was let through.</summary>
    public static Caller Of(HttpContext context) => (Caller)context.Items[typeof(Caller)]!;

    /// <summary>A back end.</summary>
    public static Caller Of(TokenEntry token) => new(
        token.Product == IdentityRegistry.AllProducts ? null : token.Product, token.Document.Scopes, Rights.OfToken(token.Document.Scopes), $"$token/{token.Name}");

    /// <summary>A device.</summary>
    public static Caller Of(ClientIdentity device) => new(device.Product, Scopes.None, device.Rights, device.Owner);

    /// <summary>Keeps the caller for the handlers.</summary>
    public void Keep(HttpContext context) => context.Items[typeof(Caller)] = this;

    /// <summary>Whether it may use an endpoint of its product, or of none.</summary>
    public bool Has(Access access) => access switch
    {
        Access.Administrator => Product is null && Scopes.HasFlag(Scopes.Manage),
        Access.Publish => Scopes.HasFlag(Scopes.Publish) || (Scopes == Scopes.None && Product is not null),
        Access.Call => Scopes.HasFlag(Scopes.Publish),
        Access.Events => (Scopes & (Scopes.Read | Scopes.Subscribe)) != 0,
        Access.Read => (Scopes & (Scopes.Read | Scopes.Manage)) != 0,
        Access.Manage => Scopes.HasFlag(Scopes.Manage),
        Access.Local => Product is null && (Scopes & (Scopes.Read | Scopes.Manage)) != 0,
        _ => Scopes != Scopes.None,
    };
}
