using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Access;
using Holdfast.Broker.Identities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Holdfast.Api.Identities;

/// <summary>What counts for all devices of a product: topic rules, the keys of signed tokens, and the authorities of certificates.</summary>
internal static class ProductSettingsEndpoints
{
    /// <summary>The most rules, keys and authorities of one product, of each.</summary>
    private const int MaximumOfEach = 64;

    private const string Product = "/api/v1/products/{product}";

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        endpoints.MapPost(Product + "/rules", context => AddAsync(context, ReadRule)).Require(Access.Manage, options);
        endpoints.MapPost(Product + "/signing-keys", context => AddAsync(context, ReadSigningKey)).Require(Access.Manage, options);
        endpoints.MapPost(Product + "/authorities", context => AddAsync(context, fields => ReadAuthority(fields, (string)context.GetRouteValue("product")!, ProductEndpoints.Registry(context)))).Require(Access.Manage, options);
        endpoints.MapDelete(Product + "/rules/{name}", context => RemoveAsync(
            context, name => product => product with { Rules = [.. product.Rules.Where(one => one.Name != name)] })).Require(Access.Manage, options);
        endpoints.MapDelete(Product + "/signing-keys/{name}", context => RemoveAsync(
            context, name => product => product with { SigningKeys = [.. product.SigningKeys.Where(one => one.Name != name)] })).Require(Access.Manage, options);
        endpoints.MapDelete(Product + "/authorities/{name}", context => RemoveAsync(
            context, name => product => product with { Authorities = [.. product.Authorities.Where(one => one.Name != name)] })).Require(Access.Manage, options);
    }

    /// <summary>Adds something, or replaces what has its name.</summary>
    private static async Task AddAsync(HttpContext context, Func<JsonFields, Func<ProductDocument, ProductDocument>> read)
    {
        if (!ProductEndpoints.Find(context).IsValid(out var product, out var problem) || !(await IdentityRequests.FieldsAsync(context)).IsValid(out var fields, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var change = read(fields);
        fields.RefuseUnknown();
        if (fields.Problem is null && IsFull(change(product.Document)))
        {
            fields.Refuse("name", $"is one too many: a product may have {MaximumOfEach} of each kind");
        }

        if (fields.Problem is not null)
        {
            await context.WriteProblemAsync(fields.Problem);
            return;
        }

        var changed = await ProductEndpoints.Administration(context).ChangeProductAsync(product.Name, change);
        await (changed is null ? context.WriteProblemAsync(ProductEndpoints.NotFound(product.Name)) : IdentityAnswers.WriteAsync(context, StatusCodes.Status200OK, IdentityAnswers.From(changed)));
    }

    private static async Task RemoveAsync(HttpContext context, Func<string, Func<ProductDocument, ProductDocument>> without)
    {
        var name = (string)context.GetRouteValue("name")!;
        if (!ProductEndpoints.Find(context).IsValid(out var product, out var problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var change = without(name);
        var after = change(product.Document);
        if (Count(after) == Count(product.Document))
        {
            await context.WriteProblemAsync(Problem.NotFound($"The product '{product.Name}' has no such '{name}'."));
            return;
        }

        await ProductEndpoints.Administration(context).ChangeProductAsync(product.Name, change);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static int Count(ProductDocument product) => product.Rules.Count + product.SigningKeys.Count + product.Authorities.Count;

    private static bool IsFull(ProductDocument product) => Math.Max(product.Rules.Count, Math.Max(product.SigningKeys.Count, product.Authorities.Count)) > MaximumOfEach;

    private static Func<ProductDocument, ProductDocument> ReadRule(JsonFields fields)
    {
        var (name, action, filter) = (IdentityRequests.Name(fields), fields.String("action"), fields.String("filter") ?? "");
        if (action is not ("publish" or "subscribe"))
        {
            fields.Refuse("action", "is publish or subscribe");
        }

        if (Rights.ProblemOfRule(filter) is { } problem)
        {
            fields.Refuse("filter", $"cannot be used: {problem.TrimEnd('.')}");
        }

        var rule = new TopicRule(name, action == "publish" ? RuleAction.Publish : RuleAction.Subscribe, filter);
        return product => product with { Rules = [.. product.Rules.Where(one => one.Name != name), rule] };
    }

    private static Func<ProductDocument, ProductDocument> ReadSigningKey(JsonFields fields)
    {
        var key = new SigningKey(IdentityRequests.Name(fields), fields.String("algorithm") ?? "", fields.String("key") ?? "", fields.String("audience"));
        if (SignedToken.ProblemOf(key) is { } problem)
        {
            fields.Refuse("key", $"cannot be used: {problem.TrimEnd('.')}");
        }

        return product => product with { SigningKeys = [.. product.SigningKeys.Where(one => one.Name != key.Name), key] };
    }

    private static Func<ProductDocument, ProductDocument> ReadAuthority(JsonFields fields, string product, IdentityRegistry registry)
    {
        var name = IdentityRequests.Name(fields);
        using var certificate = IdentityRequests.Certificate(fields);
        if (certificate is null)
        {
            fields.Refuse("certificate", "is missing: the certificate of the authority in PEM");
            return document => document;
        }

        var authority = new Authority(name, certificate.RawData);
        if (ClientCertificates.ProblemOfAuthority(certificate) is { } problem)
        {
            fields.Refuse("certificate", $"cannot be used: {problem.TrimEnd('.')}");
        }
        else if (registry.Products.Any(other => other.Document.Authorities.Any(one => (other.Name != product || one.Name != name) && ClientCertificates.HasSameKey(one, certificate))))
        {
            // Whoever may change a product must not draw the devices of another one into it.
            fields.Refuse("certificate", "cannot be used: an authority of devices belongs to one product only, once");
        }

        return document => document with { Authorities = [.. document.Authorities.Where(one => one.Name != name), authority] };
    }
}
