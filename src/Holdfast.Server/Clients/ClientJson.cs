using System.Text.Json.Serialization;

namespace Holdfast.Server.Clients;

/// <summary>JSON of this folder's records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PublishedLine))]
internal sealed partial class ClientJson : JsonSerializerContext;
