using System.Text.Json;
using System.Text.Json.Serialization;

namespace Holdfast.Integrations;

/// <summary>Names as in the API: lower case, and no numbers.</summary>
internal sealed class LowerCaseEnum<T>() : JsonStringEnumConverter<T>(LowerCase.Instance, allowIntegerValues: false)
    where T : struct, Enum
{
    private sealed class LowerCase : JsonNamingPolicy
    {
        public static readonly LowerCase Instance = new();

        public override string ConvertName(string name) => name.ToLowerInvariant();
    }
}
