using System.Diagnostics.CodeAnalysis;

namespace Holdfast.Integrations.Webhooks;

/// <summary>The rules of a webhook's URL.</summary>
internal static class WebhookUrl
{
    public const int MaximumLength = 2048;

    public static bool TryParse(string text, [NotNullWhen(true)] out Uri? url, out string problem)
    {
        problem = "";
        if (text.Length > MaximumLength)
        {
            problem = $"The URL may have {MaximumLength} characters; this one has {text.Length}.";
        }
        else if (!Uri.TryCreate(text, UriKind.Absolute, out _))
        {
            problem = "The URL must be absolute, such as https://example.com/events.";
        }

        url = problem.Length == 0 ? new Uri(text, UriKind.Absolute) : null;
        if (url is not null && url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
        {
            problem = "The URL must begin with http:// or https://.";
        }
        else if (url is { UserInfo.Length: > 0 })
        {
            problem = "The URL must not contain a user name or password: they would be shown and logged.";
        }

        url = problem.Length == 0 ? url : null;
        return url is not null;
    }
}
