using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Holdfast.Api.Security;
using Holdfast.Broker.Identities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Holdfast.Api.Identities;

/// <summary>What a product keeps of its events. It is the operator's to say: the disk is shared, and what is trimmed does not come back.</summary>
internal static class ProductRetentionEndpoint
{
    private const string Age = "retentionAgeSeconds";
    private const string Bytes = "retentionBytes";
    private const ulong MaximumAgeSeconds = 100UL * 366 * 24 * 3600;

    public static void Map(IEndpointRouteBuilder endpoints, ApiOptions options)
        => endpoints.MapPatch("/api/v1/products/{product}", ChangeAsync).Require(Access.Administrator, options);

    /// <summary>Reads the limits among the fields of a product: what is absent stays as it is, null is no limit.</summary>
    /// <returns>Changes a product so; null when no limit is named.</returns>
    public static Func<ProductDocument, ProductDocument>? Read(JsonFields fields, TimeProvider time)
    {
        var (hasAge, hasBytes) = (fields.Any(Age) is not null, fields.Any(Bytes) is not null);
        TimeSpan? age = fields.Integer(Age, MaximumAgeSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var bytes = (long?)fields.Integer(Bytes, long.MaxValue);
        if (age == TimeSpan.Zero)
        {
            fields.Refuse(Age, "must be at least 1; null is no limit");
        }

        if (bytes == 0)
        {
            fields.Refuse(Bytes, "must be at least 1; null is no limit");
        }

        return !hasAge && !hasBytes ? null : product => product with
        {
            Retention = ProductRetention.Change(
                product.Retention, hasAge ? age : product.Retention?.MaximumAge, hasBytes ? bytes : product.Retention?.MaximumBytes, time.GetUtcNow()),
        };
    }

    private static async Task ChangeAsync(HttpContext context)
    {
        if (!ProductEndpoints.Find(context).IsValid(out var product, out var problem) || !(await IdentityRequests.FieldsAsync(context)).IsValid(out var fields, out problem))
        {
            await context.WriteProblemAsync(problem);
            return;
        }

        var change = Read(fields, ProductEndpoints.Time(context));
        fields.RefuseUnknown();
        if (fields.Problem is not null)
        {
            await context.WriteProblemAsync(fields.Problem);
            return;
        }

        var changed = change is null ? product : await ProductEndpoints.Administration(context).ChangeProductAsync(product.Name, change);
        await (changed is null ? context.WriteProblemAsync(ProductEndpoints.NotFound(product.Name)) : IdentityAnswers.WriteAsync(context, StatusCodes.Status200OK, IdentityAnswers.From(changed)));
    }
}
