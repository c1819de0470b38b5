using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Status.Page;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Notifying;

/// <summary>Sends notices over HTTP: signed webhooks in the form of Standard Webhooks, messages of Slack and what understands them, and text messages through a gateway.</summary>
internal sealed class HttpChannel(NotificationOptions notifications, PageOptions options, TimeProvider time) : IDisposable
{
    private const int SmsLength = 300;

    // A redirect would carry what is signed to where nobody asked for it.
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Makes the secret of a webhook.</summary>
    public static string MakeSecret() => $"whsec_{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";

    /// <summary>Signs what is sent, as Standard Webhooks says.</summary>
    public static string Sign(string secret, string id, string timestamp, string body)
    {
        const string Prefix = "whsec_";
        byte[] key = secret.StartsWith(Prefix, StringComparison.Ordinal) ? Convert.FromBase64String(secret[Prefix.Length..]) : Encoding.UTF8.GetBytes(secret);
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")))}";
    }

    /// <summary>Sends one.</summary>
    /// <exception cref="SendFailedException">It was not sent.</exception>
    public async Task SendAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = delivery.To.Channel switch
        {
            "slack" => Request(delivery.To.Address, new JsonObject { ["text"] = SlackText(delivery.Notice) }.ToJsonString()),
            "sms" => Sms(delivery),
            _ => Webhook(delivery),
        };
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw new SendFailedException($"it answered {(int)response.StatusCode}", isHopeless: response.StatusCode == HttpStatusCode.Gone) { IsGone = response.StatusCode == HttpStatusCode.Gone };
            }
        }
        catch (HttpRequestException exception)
        {
            throw new SendFailedException(exception.GetBaseException().Message, isHopeless: false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(string url, string body) => new(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private HttpRequestMessage Webhook(Delivery delivery)
    {
        string body = new JsonObject
        {
            ["type"] = $"status.{delivery.Notice.Kind}",
            ["timestamp"] = delivery.Notice.At.UtcDateTime.ToString("O", Words.Culture),
            ["data"] = JsonSerializer.SerializeToNode(delivery.Notice, NoticeJson.Default.Notice),
        }.ToJsonString();
        HttpRequestMessage request = Request(delivery.To.Address, body);
        string id = $"notice_{delivery.Id}";
        string timestamp = time.GetUtcNow().ToUnixTimeSeconds().ToString(Words.Culture);
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp);
        if (delivery.To.Secret.Length > 0)
        {
            request.Headers.Add("webhook-signature", Sign(delivery.To.Secret, id, timestamp, body));
        }

        return request;
    }

    private HttpRequestMessage Sms(Delivery delivery)
    {
        SmsOptions sms = notifications.Sms ?? throw new SendFailedException("there is no gateway of text messages in notifications.json any more", isHopeless: true);
        Notice notice = delivery.Notice;
        string text = $"{options.Name}: {notice.Title} ({notice.Status}) {notice.Link}";
        string Quote(string value) => JsonSerializer.Serialize(value)[1..^1];
        HttpRequestMessage request = Request(sms.Url, sms.Body
            .Replace("{to}", Quote(delivery.To.Address), StringComparison.Ordinal)
            .Replace("{text}", Quote(text.Length <= SmsLength ? text : text[..SmsLength]), StringComparison.Ordinal));
        request.Headers.Authorization = sms.Token.Length > 0 ? new AuthenticationHeaderValue("Bearer", sms.Token) : null;
        return request;
    }

    private string SlackText(Notice notice)
    {
        string components = notice.Components.Count == 0 ? "" : $"\nAffected: {Escape(string.Join(", ", notice.Components))}";
        return $"*{Escape(options.Name)}: {Escape(notice.Title)}* ({Escape(notice.Status)})\n{Escape(notice.Text)}{components}\n{notice.Link}";
    }

    // The three characters that Slack gives a meaning.
    private static string Escape(string text)
        => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
