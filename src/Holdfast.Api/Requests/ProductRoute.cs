using Holdfast.Api.Problems;
using Holdfast.Broker.Naming;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Holdfast.Api.Requests;

/// <summary>The product that a path names.</summary>
internal static class ProductRoute
{
    public static Parsed<string> Read(HttpContext context)
    {
        var product = context.GetRouteValue("product") as string ?? "";
        return ResourceName.IsValid(product)
            ? product
            : Problem.Malformed($"'{product}' is not a valid product name: {ResourceName.Rule}.", "product");
    }
}
