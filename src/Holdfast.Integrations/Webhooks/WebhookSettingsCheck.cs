using Holdfast.Integrations.Network;
using Holdfast.Integrations.Webhooks.Forms;
using Holdfast.Integrations.Webhooks.Sending;
using Holdfast.Integrations.Webhooks.Signing;

namespace Holdfast.Integrations.Webhooks;

/// <summary>The rules of a webhook's settings.</summary>
internal static class WebhookSettingsCheck
{
    /// <summary>The most events of one request.</summary>
    public const int MaximumBatch = 1_000;

    /// <summary>The most requests at the same time.</summary>
    public const int MaximumConcurrency = 256;

    private const int MaximumResponseBytes = 200_000;
    private const int MaximumTexts = 32;
    private const int MaximumTextLength = 4_096;
    private const string ResponsePrefix = "devices/{device}/responses/";

    private static readonly string[] Methods = ["POST", "PUT", "PATCH"];
    private static readonly string[] OwnHeaders = ["host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect", "keep-alive", "user-agent"];
    private static readonly string[] SecretHeaders = ["authorization", "proxy-authorization", "cookie"];
    private static readonly string[] OwnPrefixes = ["webhook-", "holdfast-"];

    /// <summary>What is wrong, with its field; null when nothing is.</summary>
    public static (string Field, string Problem)? ProblemOf(WebhookSettings settings)
        => ProblemOfUrl(settings)
            ?? ProblemOfNumbers(settings)
            ?? ProblemOfHeaders(settings)
            ?? ProblemOfAuth(settings.Auth)
            ?? CertificateJudge.ProblemOf(settings.Tls?.Ca, settings.Tls?.Pins ?? [])
            ?? ProblemOfBody(settings)
            ?? ProblemOfRefusals(settings)
            ?? ProblemOfResponse(settings)
            ?? ProblemOfSecret(settings);

    private static (string, string)? ProblemOfUrl(WebhookSettings settings)
    {
        if (!WebhookUrl.TryParse(settings.Url, out _, out var problem))
        {
            return ("url", problem);
        }

        return Methods.Contains(settings.Method) ? null : ("method", $"The method must be one of {string.Join(", ", Methods)}, not '{settings.Method}'.");
    }

    private static (string, string)? ProblemOfNumbers(WebhookSettings settings)
        => OutOf("maxBatch", settings.MaxBatch, 1, MaximumBatch)
            ?? OutOf("maxWaitMilliseconds", settings.MaxWaitMilliseconds, 0, 60_000)
            ?? OutOf("concurrency", settings.Concurrency, 1, MaximumConcurrency)
            ?? OutOf("maxEventsPerSecond", settings.MaxEventsPerSecond ?? 1, 1, 10_000_000)
            ?? OutOf("timeoutSeconds", settings.TimeoutSeconds, 1, 120);

    private static (string, string)? OutOf(string field, int value, int minimum, int maximum)
        => value >= minimum && value <= maximum ? null : (field, $"The field '{field}' must be from {minimum} to {maximum}, not {value}.");

    private static (string, string)? ProblemOfHeaders(WebhookSettings settings)
    {
        if (settings.Headers.Count > MaximumTexts || settings.Query.Count > MaximumTexts)
        {
            return (settings.Headers.Count > MaximumTexts ? "headers" : "query", $"There may be {MaximumTexts} of them.");
        }

        foreach (var (name, value) in settings.Headers)
        {
            if (ProblemOfHeader(name, value) is { } problem)
            {
                return ($"headers.{name}", problem);
            }

            if (SecretHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return ($"headers.{name}", $"Give '{name}' as auth: headers are shown, auth is not.");
            }
        }

        return settings.Query.FirstOrDefault(pair => pair.Key.Length == 0 || pair.Key.Length + pair.Value.Length > MaximumTextLength) is { Key: { } bad }
            ? ($"query.{bad}", $"A query parameter has a name, and with its value at most {MaximumTextLength} characters.")
            : null;
    }

    private static string? ProblemOfHeader(string name, string value)
    {
        if (name.Length == 0 || !name.All(character => char.IsAsciiLetterOrDigit(character) || "!#$%&'*+-.^_`|~".Contains(character)))
        {
            return $"'{name}' is not a header's name.";
        }

        if (value.Length > MaximumTextLength || value.Any(character => character is < ' ' or > '~'))
        {
            return $"The value of '{name}' must be at most {MaximumTextLength} printable ASCII characters.";
        }

        return OwnHeaders.Contains(name, StringComparer.OrdinalIgnoreCase) || OwnPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            ? $"The header '{name}' is made by Holdfast."
            : null;
    }

    private static (string, string)? ProblemOfAuth(WebhookAuth? auth) => auth switch
    {
        null => null,
        { Value.Length: 0 } => ("auth.value", "Give the password, token or key as 'value'."),
        { Type: WebhookAuthType.Basic } when auth.Name.Contains(':') => ("auth.name", "A user name for basic authentication has no colon."),
        { Type: WebhookAuthType.Query, Name.Length: 0 } => ("auth.name", "Give the name of the query parameter."),
        { Type: WebhookAuthType.Header } => ProblemOfHeader(auth.Name, auth.Value) is { } problem ? ("auth.name", problem) : null,
        { Type: WebhookAuthType.Bearer } => ProblemOfHeader("Authorization", auth.Value) is { } problem ? ("auth.value", problem) : null,
        _ => null,
    };

    private static (string, string)? ProblemOfBody(WebhookSettings settings)
    {
        var isJson = settings.Body is WebhookBody.Json or WebhookBody.CloudEvents;
        if (settings.MaxBatch > 1 && !isJson)
        {
            return ("maxBatch", "Only the bodies 'json' and 'cloudevents' can hold several events.");
        }

        if (settings.ContentType is not null && settings.Body is not (WebhookBody.Raw or WebhookBody.Template))
        {
            return ("contentType", "Only the bodies 'raw' and 'template' have a media type of your choice.");
        }

        if (settings.ContentType is { } type && !System.Net.Http.Headers.MediaTypeHeaderValue.TryParse(type, out _))
        {
            return ("contentType", $"'{type}' is not a media type such as application/json.");
        }

        if ((settings.Template is not null) != (settings.Body == WebhookBody.Template))
        {
            return ("template", settings.Template is null ? "The body 'template' needs a template." : "Only the body 'template' has a template.");
        }

        if (settings.Template is null)
        {
            return null;
        }

        return settings.Template.Length > TemplateForm.MaximumLength ? ("template", $"A template may have {TemplateForm.MaximumLength} characters.")
            : TemplateForm.ProblemOf(settings.Template) is { } problem ? ("template", $"The template is not valid Mustache: {problem}")
            : null;
    }

    private static (string, string)? ProblemOfRefusals(WebhookSettings settings)
        => settings.DeadLetterOn.Find(rule => !StatusRule.IsValid(rule)) is { } bad
            ? ("deadLetterOn", $"'{bad}' is not a rule. Give {StatusRule.Description}.")
            : null;

    private static (string, string)? ProblemOfResponse(WebhookSettings settings)
    {
        if (settings.Response is not { } response)
        {
            return null;
        }

        if (settings.MaxBatch > 1)
        {
            return ("response", "An answer to a batch belongs to no single device: use maxBatch 1.");
        }

        if (!response.Topic.StartsWith(ResponsePrefix, StringComparison.Ordinal) || response.Topic.Length > 256 || response.Topic.AsSpan().ContainsAny("+#\0"))
        {
            return ("response.topic", $"The topic must begin with '{ResponsePrefix}', without + and #, with at most 256 characters.");
        }

        return OutOf("response.maxBytes", response.MaxBytes, 0, MaximumResponseBytes);
    }

    private static (string, string)? ProblemOfSecret(WebhookSettings settings)
        => settings.Secret is { } secret && !WebhookSecret.TryParse(secret, out _) ? ("secret", $"A secret is {WebhookSecret.Rule}.") : null;
}
