namespace Holdfast.Api.Relaying;

/// <summary>A request that another node answers. Who made it was allowed to, where it came in.</summary>
/// <param name="Endpoint">Method and route, such as <c>GET /api/v1/products/{product}/integrations/{name}</c>.</param>
/// <param name="Route">The values of the route.</param>
/// <param name="Query">With the question mark; empty when there is none.</param>
/// <param name="ContentType">Of the body; null when there is none.</param>
/// <param name="Body">What was sent.</param>
internal sealed record RelayedRequest(string Endpoint, Dictionary<string, string> Route, string Query, string? ContentType, byte[] Body);

/// <summary>The answer of another node.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="ContentType">Of the body; null when there is none.</param>
/// <param name="Location">The header of that name; null when there is none.</param>
/// <param name="RetryAfter">The header of that name; null when there is none.</param>
/// <param name="Body">The body.</param>
internal sealed record RelayedAnswer(int Status, string? ContentType, string? Location, string? RetryAfter, byte[] Body);
