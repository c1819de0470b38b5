using Holdfast.Status.Page;
using Holdfast.Status.Storage;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Holdfast.Status.Notifying;

/// <summary>Sends notices as mail.</summary>
internal sealed class MailChannel(SmtpOptions smtp, PageOptions options, LinkTokens links)
{
    private const int SubjectLength = 200;

    private readonly string _domain = MailboxAddress.Parse(smtp.From).Domain;

    /// <summary>Sends one.</summary>
    /// <exception cref="SendFailedException">It was not sent.</exception>
    public async Task SendAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        using MimeMessage message = Compose(delivery);
        using var client = new SmtpClient();
        try
        {
            await client.ConnectAsync(smtp.Host, smtp.Port, Security(), cancellationToken).ConfigureAwait(false);
            if (smtp.User.Length > 0)
            {
                await client.AuthenticateAsync(smtp.User, smtp.Password, cancellationToken).ConfigureAwait(false);
            }

            await client.SendAsync(message, cancellationToken).ConfigureAwait(false);
            await client.DisconnectAsync(quit: true, cancellationToken).ConfigureAwait(false);
        }
        catch (SmtpCommandException exception)
        {
            // A refusal of this mailbox for good; anything else may pass.
            bool isHopeless = exception.ErrorCode == SmtpErrorCode.RecipientNotAccepted && (int)exception.StatusCode is >= 500 and < 600;
            throw new SendFailedException($"the mail server refused it: {(int)exception.StatusCode} {exception.Message}", isHopeless);
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException or ProtocolException or ServiceNotConnectedException or SslHandshakeException or AuthenticationException)
        {
            throw new SendFailedException($"the mail server cannot be used: {exception.Message}", isHopeless: false);
        }
    }

    /// <summary>Writes a notice as a mail. Every header is encoded by the library; what was said cannot become one.</summary>
    public MimeMessage Compose(Delivery delivery)
    {
        Notice notice = delivery.Notice;
        var message = new MimeMessage { MessageId = $"{delivery.Id}.{delivery.MadeAt.ToUnixTimeMilliseconds()}@{_domain}", Date = notice.At };
        message.From.Add(new MailboxAddress($"{options.Name} status", MailboxAddress.Parse(smtp.From).Address));
        message.To.Add(new MailboxAddress("", delivery.To.Address));
        message.Subject = Subject(notice);
        message.Headers.Add("Auto-Submitted", "auto-generated");

        // What is about the same thing stands together in the reader's mailbox.
        message.References.Add($"{notice.Subject.Replace(':', '-')}@{_domain}");
        string end = "";
        if (notice.Kind is not (Notice.Alert or Notice.Confirm))
        {
            string unsubscribe = options.LinkTo($"unsubscribe/{delivery.To.Name}/{links.Make("unsubscribe", delivery.To.Name)}");
            message.Headers.Add("List-Id", $"<status.{_domain}>");
            message.Headers.Add("List-Unsubscribe", $"<{unsubscribe}>");
            message.Headers.Add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
            end = $"\n\nNo more of these: {unsubscribe}";
        }

        string facts = notice.Components.Count == 0 ? "" : $"Affected: {string.Join(", ", notice.Components)}\n";
        string places = notice.Locations.Count == 0 ? "" : $"Seen from: {string.Join(", ", notice.Locations)}\n";
        message.Body = new TextPart("plain") { Text = $"{notice.Text}\n\n{facts}{places}{notice.Link}{end}\n" };
        return message;
    }

    private SecureSocketOptions Security() => smtp.Security switch
    {
        "tls" => SecureSocketOptions.SslOnConnect,
        "none" => SecureSocketOptions.None,
        _ => SecureSocketOptions.StartTls,
    };

    private string Subject(Notice notice)
    {
        string subject = notice.Kind switch
        {
            Notice.Confirm => $"Do you want to be told about the status of {options.Name}?",
            Notice.Alert => $"ALERT {notice.Status}: {notice.Title}",
            _ => $"[{options.Name}] {notice.Title} ({notice.Status.Replace('_', ' ')})",
        };
        return subject.Length <= SubjectLength ? subject : subject[..SubjectLength];
    }
}
