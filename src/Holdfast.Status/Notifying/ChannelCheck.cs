using System.Text.RegularExpressions;
using MimeKit;

namespace Holdfast.Status.Notifying;

/// <summary>What an address of a channel may be.</summary>
internal static partial class ChannelCheck
{
    /// <summary>Characters of an address.</summary>
    public const int MaximumAddress = 500;

    private const int MaximumMailbox = 254;

    /// <summary>What is wrong with an address, or null.</summary>
    public static string? Problem(string channel, string address, NotificationOptions options) => channel switch
    {
        "email" => options.Smtp is null ? "this page sends no mail: smtp is missing in notifications.json." : IsMailbox(address) ? null : "address: a mailbox such as somebody@example.com.",
        "webhook" or "slack" => IsHttp(address) ? null : "address: one that begins with https:// or http://.",
        "sms" => options.Sms is null ? "this page sends no text messages: sms is missing in notifications.json." : Telephone().IsMatch(address) ? null : "address: a telephone number such as +4712345678.",
        _ => "channel: email, webhook, slack or sms.",
    };

    /// <summary>Whether a text is a plain mailbox: no name, no comment, no route, nothing that could be another header.</summary>
    public static bool IsMailbox(string text)
        => text.Length <= MaximumMailbox && Mailbox().IsMatch(text) && MailboxAddress.TryParse(text, out MailboxAddress? mailbox) && mailbox.Address == text;

    /// <summary>Whether a text is an address of the web.</summary>
    public static bool IsHttp(string text)
        => text.Length <= MaximumAddress && Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0;

    [GeneratedRegex(@"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\z")]
    private static partial Regex Mailbox();

    [GeneratedRegex(@"^\+[0-9]{6,15}\z")]
    private static partial Regex Telephone();
}
