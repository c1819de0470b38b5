using System.Text.Json.Serialization;

namespace Holdfast.Server.Migration;

/// <summary>JSON of this folder's records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MigrateResult))]
internal sealed partial class MigrateJson : JsonSerializerContext;
