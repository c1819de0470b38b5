using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Holdfast.Api.Calls;
using Holdfast.Api.Events;
using Holdfast.Api.Health;
using Holdfast.Api.Integrations;
using Holdfast.Api.Problems;
using Holdfast.Api.Relaying;
using Holdfast.Broker.Custody;
using Holdfast.Broker.Events;
using Holdfast.Broker.Reports;

namespace Holdfast.Api;

/// <summary>Writes what the API says, without reflection: readable text, since it is JSON and never HTML, and times as in the event schema.</summary>
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(PublishAnswer))]
[JsonSerializable(typeof(StoredCommandAnswer))]
[JsonSerializable(typeof(ManyAnswer))]
[JsonSerializable(typeof(IntegrationAnswer))]
[JsonSerializable(typeof(ClusterReport))]
[JsonSerializable(typeof(DeadLetterPage))]
[JsonSerializable(typeof(TestAnswer))]
[JsonSerializable(typeof(EventTrace))]
[JsonSerializable(typeof(CustodyReport))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(RelayedRequest))]
[JsonSerializable(typeof(RelayedAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    public static ApiJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new TimeConverter() },
    });

    private sealed class TimeConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
        {
            Span<byte> text = stackalloc byte[EventTime.FormattedLength];
            EventTime.Write(value.ToUnixTimeMilliseconds(), text);
            writer.WriteStringValue(text);
        }
    }
}
