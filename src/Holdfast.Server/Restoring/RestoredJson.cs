using System.Text.Json.Serialization;

namespace Holdfast.Server.Restoring;

/// <summary>A new life of a store.</summary>
/// <param name="Incarnation">Its name.</param>
/// <param name="Before">The name of the life before it.</param>
/// <param name="EndOffsets">Of each partition, the first offset of the new life.</param>
internal sealed record RestoredAnswer(string Incarnation, string Before, long[] EndOffsets);

/// <summary>JSON of this folder's records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RestoredAnswer))]
internal sealed partial class RestoredJson : JsonSerializerContext;
