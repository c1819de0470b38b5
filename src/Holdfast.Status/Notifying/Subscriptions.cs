using Holdfast.Status.Managing;
using Holdfast.Status.Page;
using Holdfast.Status.Reports;
using Holdfast.Status.Serving;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Notifying;

/// <summary>What somebody wants to be told, and how.</summary>
internal sealed record SubscriptionRequest
{
    /// <summary><c>email</c>, <c>webhook</c>, <c>slack</c> or <c>sms</c>.</summary>
    public string? Channel { get; init; }

    /// <summary>The mailbox, the address or the telephone number.</summary>
    public string? Address { get; init; }

    /// <summary>About what; none for all.</summary>
    public IReadOnlyList<string>? Components { get; init; }

    /// <summary>Seen from where; none for all.</summary>
    public IReadOnlyList<string>? Locations { get; init; }
}

/// <summary>
/// Who is told. A mailbox is told nothing until its owner has said that it is wanted; whoever asks for one, known or not, gets the same answer, and mailboxes are asked so seldom that nobody
/// can be flooded through this page.
/// </summary>
internal sealed class Subscriptions(StatusDesk desk, NotificationOptions notifications, PageOptions options, LinkTokens links, TimeProvider time)
{
    /// <summary>So many mailboxes are asked in an hour, all together.</summary>
    public const int MaximumAskedPerHour = 100;

    /// <summary>The same mailbox is asked at most this often.</summary>
    public static readonly TimeSpan AskInterval = TimeSpan.FromHours(1);

    private const int MaximumNames = 100;
    private const int IdBytes = 16;

    /// <summary>Whether strangers may ask for mail.</summary>
    public bool TakesMail => notifications.Smtp is not null && options.Address.Length > 0;

    /// <summary>Adds a subscriber for an operator. A mailbox is asked first, as for anybody.</summary>
    public Subscriber Add(string who, SubscriptionRequest request)
    {
        string channel = request.Channel ?? "";
        string address = (request.Address ?? "").Trim();
        Check(channel, address, request);
        return desk.Edit(who, "add subscriber", editors =>
        {
            SubscriberTable subscribers = editors.Tables.Subscribers;
            if (subscribers.Find(channel, address) is { IsConfirmed: true })
            {
                throw new EditException(EditProblem.Conflict, $"There is a subscriber '{address}' by {channel} already.");
            }

            Subscriber subscriber = channel == "email" ? Ask(editors.Tables, address, request) : Make(editors.Tables, channel, address, request) with { IsConfirmed = true };
            subscribers.Keep(subscriber);
            return (subscriber, $"{channel} {address}");
        });
    }

    /// <summary>Asks a mailbox whether its owner wants to be told.</summary>
    /// <exception cref="EditException">It cannot be a mailbox, or too many were asked lately.</exception>
    public void AskFor(string address, SubscriptionRequest request)
    {
        Check("email", address, request);
        desk.Use(tables =>
        {
            // Nobody is to learn from the answer who is told already.
            if (tables.Subscribers.Find("email", address) is not { IsConfirmed: true })
            {
                tables.Subscribers.Keep(Ask(tables, address, request));
            }

            return true;
        });
    }

    /// <summary>Takes the answer of a mailbox's owner.</summary>
    /// <returns>Whether it is an answer.</returns>
    public bool Confirm(string id, string token) => links.Is(token, "confirm", id) && desk.Use(tables =>
    {
        if (tables.Subscribers.Find(id) is not { } subscriber)
        {
            return false;
        }

        tables.Subscribers.Keep(subscriber with { IsConfirmed = true });
        return true;
    });

    /// <summary>Whether a link to unsubscribe is right.</summary>
    public bool MayRemove(string id, string token) => links.Is(token, "unsubscribe", id);

    /// <summary>Ends a subscription, if there is one.</summary>
    public bool Remove(string id) => desk.Use(tables => tables.Subscribers.Remove(id));

    private void Check(string channel, string address, SubscriptionRequest request)
    {
        if (ChannelCheck.Problem(channel, address, notifications) is { } problem)
        {
            throw Input.Invalid(problem);
        }

        if (channel == "email" && options.Address.Length == 0)
        {
            throw new EditException(EditProblem.Conflict, "Mail needs the page's public address for its links: 'address' in status.json.");
        }

        if ((request.Components?.Count ?? 0) > MaximumNames || (request.Locations?.Count ?? 0) > MaximumNames
            || (request.Components ?? []).Concat(request.Locations ?? []).Any(name => !ReportCheck.IsName(name)))
        {
            throw Input.Invalid($"components, locations: at most {MaximumNames} names.");
        }
    }

    private Subscriber Ask(StatusTables tables, string address, SubscriptionRequest request)
    {
        DateTimeOffset now = time.GetUtcNow();
        Subscriber? known = tables.Subscribers.Find("email", address);
        if (known is not null && known.AskedAt + AskInterval > now)
        {
            return known;
        }

        if (tables.Subscribers.Asked(now - TimeSpan.FromHours(1)) >= MaximumAskedPerHour)
        {
            throw new EditException(EditProblem.Conflict, "Too many have asked within the last hour. Please try again later.");
        }

        Subscriber subscriber = (known ?? Make(tables, "email", address, request)) with { Components = request.Components ?? [], Locations = request.Locations ?? [], AskedAt = now };
        string link = options.LinkTo($"confirm/{subscriber.Id}/{links.Make("confirm", subscriber.Id)}");
        tables.Deliveries.Post(
            new Recipient(subscriber.Id, "email", address, ""),
            new Notice(Notice.Confirm, 0, "", "", "", [], [], $"Somebody, probably you, asked that this mailbox is told about the status of {options.Name}. If you want that, open this address within {Words.Duration(SubscriberTable.ConfirmLimit)}. If not, do nothing.", now, link),
            now);
        return subscriber;
    }

    private Subscriber Make(StatusTables tables, string channel, string address, SubscriptionRequest request)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (tables.Subscribers.Count() >= SubscriberTable.Maximum)
        {
            throw new EditException(EditProblem.Conflict, $"There are {SubscriberTable.Maximum} subscribers, the most that there may be.");
        }

        string id = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(IdBytes));
        return new Subscriber(id, channel, address, channel == "webhook" ? HttpChannel.MakeSecret() : "", request.Components ?? [], request.Locations ?? [], false, now, now);
    }
}
