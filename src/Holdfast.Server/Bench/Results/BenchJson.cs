using System.Text.Json.Serialization;
using Holdfast.Server.Bench.Growth;
using Holdfast.Server.Bench.Memory;
using Holdfast.Server.Bench.Scale;
using Holdfast.Server.Bench.Suite;

namespace Holdfast.Server.Bench.Results;

/// <summary>JSON of the results.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BenchResult))]
[JsonSerializable(typeof(BenchComparison))]
[JsonSerializable(typeof(SuiteResult))]
[JsonSerializable(typeof(ScaleResult))]
[JsonSerializable(typeof(GrowthResult))]
[JsonSerializable(typeof(MemoryResult))]
internal sealed partial class BenchJson : JsonSerializerContext;
