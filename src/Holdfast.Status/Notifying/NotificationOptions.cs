using System.Text.Json;
using System.Text.Json.Serialization;
using Holdfast.Status.Storage;
using MimeKit;

namespace Holdfast.Status.Notifying;

/// <summary>How notices are sent: the file <c>notifications.json</c> of the data directory. It holds passwords, so only its owner should read it.</summary>
internal sealed record NotificationOptions
{
    /// <summary>The file's name.</summary>
    public const string FileName = "notifications.json";

    /// <summary>Where mail is given; null: no mail is sent.</summary>
    public SmtpOptions? Smtp { get; set; }

    /// <summary>Where text messages are given; null: none are sent.</summary>
    public SmsOptions? Sms { get; set; }

    /// <summary>Who is alerted when an incident opens by itself, level by level.</summary>
    public IReadOnlyList<AlertTarget> Alerts { get; set; } = [];

    /// <summary>The next level is alerted when nobody has acknowledged for so many minutes; after the last, all are again.</summary>
    public double EscalateAfterMinutes { get; set; } = 5;

    /// <summary>How many levels there are.</summary>
    [JsonIgnore]
    public int Levels => Alerts.Select(alert => alert.Level).DefaultIfEmpty(0).Max();

    /// <summary>Reads the file of a data directory; without one nothing but webhooks is sent.</summary>
    /// <exception cref="StatusDataException">The file is wrong; the message says where.</exception>
    public static NotificationOptions Load(string directory)
    {
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return new NotificationOptions();
        }

        try
        {
            NotificationOptions options = JsonSerializer.Deserialize(File.ReadAllText(path), NotificationJson.Default.NotificationOptions)!;
            return options.Problem() is { } problem ? throw new StatusDataException($"{path}: {problem}") : options;
        }
        catch (JsonException exception)
        {
            throw new StatusDataException($"{path}: {exception.Message}", exception);
        }
    }

    private string? Problem()
        => Smtp is { } smtp && (smtp.Host.Length == 0 || smtp.Port is < 1 or > 65535) ? "smtp: host and port."
        : Smtp is { } mail && !MailboxAddress.TryParse(mail.From, out _) ? "smtp.from: a mailbox such as status@example.com."
        : Smtp is { } secure && secure.Security is not ("starttls" or "tls" or "none") ? "smtp.security: starttls, tls or none."
        : Sms is { } sms && !ChannelCheck.IsHttp(sms.Url) ? "sms.url: an address that begins with https://."
        : EscalateAfterMinutes is not (> 0 and <= 1440) ? "escalateAfterMinutes: above 0, at most 1,440."
        : Alerts.Select((alert, index) => alert.Level is < 1 or > 10 ? $"alerts[{index}].level: from 1 to 10."
            : ChannelCheck.Problem(alert.Channel, alert.Address, this) is { } problem ? $"alerts[{index}]: {problem}" : null).FirstOrDefault(problem => problem is not null);
}

/// <summary>A mail server that takes what is to be sent.</summary>
internal sealed record SmtpOptions
{
    /// <summary>Its name or address.</summary>
    public string Host { get; set; } = "";

    /// <summary>Its port.</summary>
    public int Port { get; set; } = 587;

    /// <summary><c>starttls</c>, <c>tls</c>, or <c>none</c> for a server on the same machine.</summary>
    public string Security { get; set; } = "starttls";

    /// <summary>Who sends; empty without a login.</summary>
    public string User { get; set; } = "";

    /// <summary>The password. Never shown.</summary>
    public string Password { get; set; } = "";

    /// <summary>From whom mail is.</summary>
    public string From { get; set; } = "";
}

/// <summary>An HTTP gateway of text messages: it gets a POST.</summary>
internal sealed record SmsOptions
{
    /// <summary>Its address.</summary>
    public string Url { get; set; } = "";

    /// <summary>What is sent: <c>{to}</c> and <c>{text}</c> are replaced, as JSON strings without their quotes.</summary>
    public string Body { get; set; } = "{\"to\":\"{to}\",\"text\":\"{text}\"}";

    /// <summary>Its token, sent as a bearer; empty for none. Never shown.</summary>
    public string Token { get; set; } = "";
}

/// <summary>An operator who is alerted.</summary>
internal sealed record AlertTarget
{
    /// <summary><c>email</c>, <c>webhook</c>, <c>slack</c> or <c>sms</c>.</summary>
    public string Channel { get; set; } = "";

    /// <summary>The mailbox, the address or the telephone number.</summary>
    public string Address { get; set; } = "";

    /// <summary>What signs a webhook.</summary>
    public string Secret { get; set; } = "";

    /// <summary>1 is alerted at once, 2 when nobody acknowledges, and so on.</summary>
    public int Level { get; set; } = 1;
}

/// <summary>How the file is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(NotificationOptions))]
internal sealed partial class NotificationJson : JsonSerializerContext;
