using Holdfast.Status.Incidents;
using Holdfast.Status.Notifying;
using Holdfast.Status.Page;
using Holdfast.Status.Storage;
using Holdfast.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Attacks;

/// <summary>Whoever makes things flap makes nobody's mailbox full; and who is alerted, and when.</summary>
public sealed class FloodTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly Database _database;
    private readonly DeliveryTable _deliveries;

    public FloodTests()
    {
        _database = Database.Open(_directory.Path);
        _deliveries = new DeliveryTable(_database);
    }

    public void Dispose()
    {
        _database.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Somebody_is_told_about_one_thing_once_a_minute_and_gets_thirty_notices_an_hour()
    {
        var reader = new Recipient("reader", "email", "reader@example.com", "");
        int sent = 0;
        for (int second = 0; second < 3600; second += 10)
        {
            Post(reader, second % 400, $"said at {second}");
            sent += Send();
            _clock.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(DeliveryTable.MaximumPerHour, sent);
    }

    [Fact]
    public void What_waits_is_replaced_by_what_is_newer()
    {
        var reader = new Recipient("reader", "email", "reader@example.com", "");
        Post(reader, 1, "first");
        Assert.Equal(1, Send());
        for (int count = 0; count < 100; count++)
        {
            Post(reader, 1, $"update {count}");
        }

        Assert.Equal(0, Send());
        _clock.Advance(DeliveryTable.MinimumGap);
        Delivery only = Assert.Single(_deliveries.Take(100, _clock.GetUtcNow()));
        Assert.Equal("update 99", only.Notice.Text);
    }

    [Fact]
    public void The_next_level_is_alerted_when_nobody_acknowledges_and_then_all_until_somebody_does()
    {
        var options = new NotificationOptions
        {
            EscalateAfterMinutes = 5,
            Alerts = [new AlertTarget { Channel = "webhook", Address = "https://one.example", Level = 1 }, new AlertTarget { Channel = "sms", Address = "+4712345678", Level = 2 }],
        };
        var alarm = new Alarm(options, new News(new PageOptions()), new AlertTable(_database), _deliveries, _clock);
        var incident = new Incident(1, "MQTT: devices cannot connect", _clock.GetUtcNow(), ["MQTT"]) { IsAutomatic = true };
        Assert.Equal(["webhook"], Alerted());
        _clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Empty(Alerted());
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["sms"], Alerted());
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(["sms", "webhook"], Alerted());
        incident = incident with { AcknowledgedAt = _clock.GetUtcNow() };
        _clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Empty(Alerted());

        string[] Alerted()
        {
            alarm.Advance([incident], _ => incident);
            List<Delivery> due = _deliveries.Take(100, _clock.GetUtcNow());
            due.ForEach(delivery => _deliveries.Done(delivery, _clock.GetUtcNow()));
            return [.. due.Select(delivery => delivery.To.Channel).Order(StringComparer.Ordinal)];
        }
    }

    private void Post(Recipient to, long number, string text)
        => _deliveries.Post(to, new Notice("incident", number, "Title", "investigating", "minor", [], [], text, _clock.GetUtcNow(), ""), _clock.GetUtcNow());

    private int Send()
    {
        List<Delivery> due = _deliveries.Take(100, _clock.GetUtcNow());
        due.ForEach(delivery => _deliveries.Done(delivery, _clock.GetUtcNow()));
        return due.Count;
    }
}
