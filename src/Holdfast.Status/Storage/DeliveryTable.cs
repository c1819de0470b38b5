using System.Text.Json;
using Holdfast.Status.Notifying;

namespace Holdfast.Status.Storage;

/// <summary>A notice on its way to somebody.</summary>
/// <param name="Id">Its number.</param>
/// <param name="To">To whom.</param>
/// <param name="Notice">What.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="MadeAt">Since when it waits.</param>
internal sealed record Delivery(long Id, Recipient To, Notice Notice, int Attempts, DateTimeOffset MadeAt);

/// <summary>To whom a notice goes.</summary>
/// <param name="Name">The id of a subscriber, or an operator's place among the alerts.</param>
/// <param name="Channel">How.</param>
/// <param name="Address">Where.</param>
/// <param name="Secret">What signs it.</param>
internal sealed record Recipient(string Name, string Channel, string Address, string Secret);

/// <summary>A notice that could not be delivered.</summary>
internal sealed record FailedDelivery(DateTimeOffset At, string Channel, string Address, string Title, string Error);

/// <summary>Notices on their way: stored with what they tell about, and kept until they are sent or given up.</summary>
internal sealed class DeliveryTable(Database database)
{
    /// <summary>About one thing somebody is told at most this often; what comes meanwhile replaces what waits.</summary>
    public static readonly TimeSpan MinimumGap = TimeSpan.FromMinutes(1);

    /// <summary>So many notices somebody gets in an hour; what is more waits.</summary>
    public const int MaximumPerHour = 30;

    /// <summary>What was not delivered for so long is given up, logged and listed.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(24);

    private const int Waiting = 0;
    private const int Sent = 1;
    private const int GivenUp = 2;
    private const int Sending = 3;

    private static readonly TimeSpan Retention = TimeSpan.FromDays(30);

    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1),
    ];

    /// <summary>Gives a notice to somebody; nothing is sent yet.</summary>
    /// <param name="to">To whom.</param>
    /// <param name="notice">What.</param>
    /// <param name="now">Now.</param>
    public void Post(Recipient to, Notice notice, DateTimeOffset now) => database.Execute(
        """
        INSERT INTO deliveries(recipient, channel, address, secret, subject, body, made_at, next_at, attempts, state, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, '')
        ON CONFLICT(recipient, subject) WHERE state = 0 DO UPDATE SET body = $6
        """,
        to.Name,
        to.Channel,
        to.Address,
        to.Secret,
        notice.Subject,
        JsonSerializer.Serialize(notice, NoticeJson.Default.Notice),
        now.ToUnixTimeMilliseconds(),
        (notice.Kind is Notice.Alert or Notice.Confirm ? now : Earliest(to.Name, notice.Subject, now)).ToUnixTimeMilliseconds());

    /// <summary>Takes what is due; it is on its way until one of the other methods says what became of it.</summary>
    public List<Delivery> Take(int count, DateTimeOffset now) => database.Query(
        $"""
        UPDATE deliveries SET state = {Sending}, attempts = attempts + 1
        WHERE id IN (SELECT id FROM deliveries WHERE state = {Waiting} AND next_at <= $1 ORDER BY next_at LIMIT $2)
        RETURNING id, recipient, channel, address, secret, body, attempts, made_at
        """,
        row => new Delivery(
            row.GetInt64(0),
            new Recipient(row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4)),
            JsonSerializer.Deserialize(row.GetString(5), NoticeJson.Default.Notice)!,
            row.GetInt32(6),
            Times.From(row.GetInt64(7))),
        now.ToUnixTimeMilliseconds(),
        count);

    /// <summary>It was sent.</summary>
    public void Done(Delivery delivery, DateTimeOffset now)
        => database.Execute($"UPDATE deliveries SET state = {Sent}, done_at = $2, error = '' WHERE id = $1", delivery.Id, now.ToUnixTimeMilliseconds());

    /// <summary>It was not sent; it is tried again later, unless that is hopeless.</summary>
    /// <returns>Whether it was given up.</returns>
    public bool Failed(Delivery delivery, string error, bool isHopeless, DateTimeOffset now)
    {
        TimeSpan pause = Pauses[Math.Min(delivery.Attempts, Pauses.Length) - 1];
        bool isGivenUp = isHopeless || now + pause > delivery.MadeAt + GiveUpAfter;

        // What waits about the same thing is newer: it takes the place of this one.
        bool isReplaced = !isGivenUp && database.Query(
            "SELECT 1 FROM deliveries d, deliveries mine WHERE mine.id = $1 AND d.recipient = mine.recipient AND d.subject = mine.subject AND d.state = 0", row => row.GetInt32(0), delivery.Id).Count > 0;
        if (isReplaced)
        {
            database.Execute("DELETE FROM deliveries WHERE id = $1", delivery.Id);
        }
        else
        {
            database.Execute(
                $"UPDATE deliveries SET state = {(isGivenUp ? GivenUp : Waiting)}, next_at = $2, done_at = $3, error = $4 WHERE id = $1",
                delivery.Id, (now + pause).ToUnixTimeMilliseconds(), isGivenUp ? now.ToUnixTimeMilliseconds() : null, error);
        }

        return isGivenUp;
    }

    /// <summary>What was on its way when the page ended is due again.</summary>
    public void Continue()
    {
        database.Execute(
            $"DELETE FROM deliveries WHERE state = {Sending} AND EXISTS (SELECT 1 FROM deliveries d WHERE d.recipient = deliveries.recipient AND d.subject = deliveries.subject AND d.state = {Waiting})");
        database.Execute($"UPDATE deliveries SET state = {Waiting} WHERE state = {Sending}");
    }

    /// <summary>What was given up, the newest first.</summary>
    public List<FailedDelivery> Failures(int count) => database.Query(
        $"SELECT done_at, channel, address, body, error FROM deliveries WHERE state = {GivenUp} ORDER BY done_at DESC LIMIT $1",
        row => new FailedDelivery(
            Times.From(row.GetInt64(0)), row.GetString(1), row.GetString(2), JsonSerializer.Deserialize(row.GetString(3), NoticeJson.Default.Notice)!.Title, row.GetString(4)),
        count);

    /// <summary>How many wait.</summary>
    public long CountWaiting() => database.Query($"SELECT count(*) FROM deliveries WHERE state IN ({Waiting}, {Sending})", row => row.GetInt64(0)).Single();

    /// <summary>Removes what is done and old.</summary>
    public void Trim(DateTimeOffset now) => database.Execute("DELETE FROM deliveries WHERE done_at < $1", (now - Retention).ToUnixTimeMilliseconds());

    private DateTimeOffset Earliest(string recipient, string subject, DateTimeOffset now)
    {
        long? last = database.Query("SELECT max(made_at) FROM deliveries WHERE recipient = $1 AND subject = $2", row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), recipient, subject).Single();
        long? full = database.Query(
            "SELECT next_at FROM deliveries WHERE recipient = $1 ORDER BY next_at DESC LIMIT 1 OFFSET $2", row => (long?)row.GetInt64(0), recipient, MaximumPerHour - 1).SingleOrDefault();
        DateTimeOffset earliest = last is null ? now : Times.From(last.Value) + MinimumGap;
        DateTimeOffset room = full is null ? now : Times.From(full.Value) + TimeSpan.FromHours(1);
        return new[] { now, earliest, room }.Max();
    }
}
