using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Holdfast.Broker.Events;
using Holdfast.Integrations.Delivery;
using Holdfast.Log.Records;
using Stubble.Core;
using Stubble.Core.Builders;
using Stubble.Core.Exceptions;

namespace Holdfast.Integrations.Webhooks.Forms;

/// <summary>
/// A Mustache template over the event in Holdfast's schema. <c>{{x}}</c> is escaped as the media type needs it (JSON, HTML, URL), <c>{{{x}}}</c> is not;
/// of an object or array both write its JSON. Without partials, and without lambdas: data is data.
/// </summary>
internal sealed class TemplateForm : IEventForm
{
    /// <summary>The longest template, in characters.</summary>
    public const int MaximumLength = 16 * 1024;

    private readonly ArrayBufferWriter<byte> _json = new();
    private readonly Utf8JsonWriter _writer = new(Stream.Null, EventWriter.WriterOptions);
    private readonly StubbleVisitorRenderer _renderer;
    private readonly string _template;

    public TemplateForm(string template, string? contentType)
    {
        _template = template;
        ContentType = contentType ?? "application/json";
        var escape = EscapeOf(ContentType);
        _renderer = new StubbleBuilder().Configure(settings => settings
            .SetEncodingFunction(escape)
            .AddValueGetter(typeof(TemplateValue), (value, key, _) => ((TemplateValue)value).Get(key))
            .AddTruthyCheck<TemplateValue>(value => value.IsTruthy)).Build();
    }

    public string ContentType { get; }

    /// <summary>What is wrong with a template; null when nothing is.</summary>
    public static string? ProblemOf(string template)
    {
        try
        {
            new StubbleBuilder().Build().Render(template, null);
            return null;
        }
        catch (StubbleException exception)
        {
            return exception.Message;
        }
    }

    public EventBody Write(string id, in PublishRecord record)
    {
        _json.ResetWrittenCount();
        _writer.Reset(_json);
        EventWriter.Write(_writer, id, record);
        _writer.Flush();
        using var document = JsonDocument.Parse(_json.WrittenMemory);
        try
        {
            var rendered = _renderer.Render(_template, new TemplateValue(document.RootElement, new TemplateBudget()));
            return new EventBody(Encoding.UTF8.GetBytes(rendered));
        }
        catch (Exception exception) when (exception is StubbleException or TemplateBudgetException)
        {
            return new EventBody(default, Problem: $"the template cannot be filled with this event: {exception.Message}");
        }
    }

    public ReadOnlyMemory<byte> Frame(IReadOnlyList<OutstandingEvent> events) => events[0].Body.Bytes;

    public void Dispose() => _writer.Dispose();

    private static Func<string, string> EscapeOf(string contentType)
        => contentType.Contains("json", StringComparison.OrdinalIgnoreCase) ? text => JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)
            : contentType.Contains("html", StringComparison.OrdinalIgnoreCase) || contentType.Contains("xml", StringComparison.OrdinalIgnoreCase) ? WebUtility.HtmlEncode
            : contentType.Contains("urlencoded", StringComparison.OrdinalIgnoreCase) ? Uri.EscapeDataString
            : text => text;
}
