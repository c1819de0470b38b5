using System.Buffers;
using System.Globalization;
using System.Text;
using Holdfast.Broker.Publishing;
using Holdfast.Integrations.Tests.Support;
using Holdfast.Log.Batches;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Integrations.Tests.Receipts;

/// <summary>Devices that want to be told are told, once it is sure.</summary>
public sealed class ReceiptTests
{
    private readonly RetainedReceipts _receipts = new();

    [Fact]
    public async Task Delivered_events_are_told_as_ranges_and_the_cursor_waits_for_that()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = Scene();
        _receipts.Refusal = PublishStatus.Full;
        await scene.AddAsync(receiver.Url);
        await PublishAsync(scene, 1, "delivered");
        Assert.Equal(("devices/d/receipts/hook", "s delivered 1\n"), await _receipts.NextAsync());

        await PublishAsync(scene, 2, "delivered:other,hook");
        await scene.UntilAsync(status => status.Delivered == 2);
        Assert.All((await scene.Store.CursorAsync("hook")), offset => Assert.Equal(0, offset));
        Assert.Equal(2, scene.Status().Behind);

        _receipts.Refusal = null;
        await AdvanceAsync(scene);
        Assert.Equal("s delivered 1-2\n", (await _receipts.NextAsync()).Text);
        await scene.Service.StopAsync();
        Assert.Equal(2, (await scene.Store.CursorAsync("hook")).Sum());
    }

    [Fact]
    public async Task A_dead_letter_is_told_as_such_and_holds_nothing_up()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = Scene();
        receiver.Answer = (received, context) =>
        {
            context.Response.StatusCode = received.Text == "2" ? StatusCodes.Status410Gone : StatusCodes.Status200OK;
            return Task.CompletedTask;
        };
        await scene.AddAsync(receiver.Url);
        for (ulong sequence = 1; sequence <= 3; sequence++)
        {
            await PublishAsync(scene, sequence, "delivered");
        }

        await scene.UntilAsync(status => status is { Delivered: 2, DeadLettered: 1 });
        Assert.Equal("s delivered 1,3\ns undelivered 2\n", await LastAsync(scene, "s delivered 1,3\ns undelivered 2\n"));
    }

    [Fact]
    public async Task Only_who_is_asked_tells()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = Scene();
        await scene.AddAsync(receiver.Url);
        await PublishAsync(scene, 1, "delivered:other");
        await PublishAsync(scene, 2, "stored");
        await PublishAsync(scene, 3, null);
        await PublishAsync(scene, 4, "deliveredby");
        await scene.UntilAsync(status => status.Delivered == 4);

        await scene.Service.StopAsync();
        Assert.Equal(0, _receipts.Untold);
    }

    [Fact]
    public async Task After_a_crash_what_was_told_is_not_forgotten_and_not_told_again()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = Scene();
        await scene.AddAsync(receiver.Url);
        await PublishAsync(scene, 1, "delivered");
        await _receipts.NextAsync();

        // As if the process had died before it saved its cursor: the new one delivers the first event again.
        await scene.Service.StopAsync();
        await scene.Store.SaveCursorAsync("p", "hook", new long[scene.Log.PartitionCount]);
        await scene.RestartAsync();
        await scene.UntilAsync(status => status.Delivered == 1);
        Assert.Equal(0, _receipts.Untold);
        await PublishAsync(scene, 2, "delivered");
        Assert.Equal("s delivered 1-2\n", await LastAsync(scene, "s delivered 1-2\n"));
        await scene.UntilAsync(status => status.Delivered == 2);
        Assert.Equal(0, _receipts.Untold);
    }

    [Fact]
    public async Task Receipts_that_cannot_be_published_stop_the_integration_at_the_limit()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = Scene(IntegrationLimits.Default with { WaitingReceipts = 4 });
        _receipts.Refusal = PublishStatus.NotCommitting;
        await scene.AddAsync(receiver.Url, settings: "\"concurrency\":1");
        for (ulong sequence = 1; sequence <= 10; sequence++)
        {
            await PublishAsync(scene, sequence, "delivered");
        }

        await scene.UntilAsync(status => status.Delivered == 4);
        await AdvanceAsync(scene);
        Assert.Equal(4, scene.Status().Delivered);

        _receipts.Refusal = null;
        await LastAsync(scene, "s delivered 1-10\n");
        Assert.Equal(10, scene.Status().Delivered);
    }

    [Fact]
    public async Task Receipts_are_not_carried_anywhere()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var scene = Scene();
        await scene.AddAsync(receiver.Url, filter: "#");
        await scene.PublishAsync("devices/d/receipts/hook", "s delivered 1\n");
        await scene.PublishAsync("devices/d/events/x", "carried");

        Assert.Equal("carried", (await receiver.NextAsync()).Text);
    }

    private Scene Scene(IntegrationLimits? limits = null)
    {
        var scene = new Scene(limits);
        scene.Environment = scene.Environment with { Publisher = _receipts, Retained = _receipts };
        scene.UseEnvironment();
        return scene;
    }

    /// <summary>Lets time pass until the device has been told something.</summary>
    private async Task<string> LastAsync(Scene scene, string wanted)
    {
        var armed = scene.Time.NextWaitAsync();
        while (true)
        {
            if (await Task.WhenAny(_receipts.WhenToldAsync(), armed) == armed)
            {
                await armed;
                armed = scene.Time.NextWaitAsync();
                scene.Time.Advance(scene.Environment.Limits.ReceiptInterval);
            }
            else if ((await _receipts.NextAsync()).Text is var text && text == wanted)
            {
                return text;
            }
        }
    }

    private static async Task AdvanceAsync(Scene scene)
    {
        await scene.Time.NextWaitAsync();
        scene.Time.Advance(scene.Environment.Limits.ReceiptInterval);
    }

    private static async Task PublishAsync(Scene scene, ulong sequence, string? wish)
    {
        const string Topic = "devices/d/events/x";
        var properties = new ArrayBufferWriter<byte>();
        PropertyEncoder.Write(null, wish is null ? [] : [new UserProperty("hf-receipt", wish)], properties);
        var now = scene.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var record = new PublishRecord
        {
            Product = "p"u8,
            Publisher = "d"u8,
            Topic = Encoding.UTF8.GetBytes(Topic),
            Payload = Encoding.UTF8.GetBytes(sequence.ToString(CultureInfo.InvariantCulture)),
            Properties = properties.WrittenSpan,
            Stream = "s"u8,
            Sequence = sequence,
            ReceivedAtMilliseconds = now,
            KeyHash = Partitioning.KeyHash("p"u8, "d"u8),
        };
        var partition = scene.PartitionOf(Topic);
        var open = new OpenBatch();
        record.WriteTo(open.Reserve(record.Size, now));
        Assert.Equal(AppendStatus.Appended, await scene.Log.AppendAsync(new[] { open.Seal(partition, scene.Log.CommittedOffset(partition), epoch: 1) }));
        scene.Feed.Announce(partition, scene.Log.CommittedOffset(partition));
    }
}
