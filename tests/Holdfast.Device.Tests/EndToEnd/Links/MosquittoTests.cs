using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Holdfast.Device.Outbox;
using Holdfast.Device.Tests.Harness;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Protocol;

namespace Holdfast.Device.Tests.EndToEnd.Links;

/// <summary>A broker that is not Holdfast: nothing is unpacked there, so nothing is batched; a client certificate is asked for.</summary>
public sealed class MosquittoTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Events_arrive_one_by_one_with_their_names_times_and_sequences_behind_a_client_certificate()
    {
        Components.Require("apt-get install mosquitto", "sh", "-c", "command -v mosquitto");
        var port = FreePorts.Take();
        var (certificate, key) = (_directory.Below("certificate.pem"), _directory.Below("key.pem"));
        TestCertificates.Write(certificate, key);
        using var own = X509Certificate2.CreateFromPemFile(certificate, key);
        using var broker = Start($"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\ncafile {certificate}\nrequire_certificate true\nallow_anonymous true\nuser root\nmax_topic_alias 10\n");
        await broker.UntilRunningAsync();
        using var subscriber = new MqttClientFactory().CreateMqttClient();
        var received = new List<MqttApplicationMessage>();
        var all = new TaskCompletionSource();
        subscriber.ApplicationMessageReceivedAsync += message =>
        {
            received.Add(message.ApplicationMessage);
            if (received.Count == 50)
            {
                all.SetResult();
            }

            return Task.CompletedTask;
        };
        await subscriber.ConnectAsync(SubscriberOptions(port, own), TestContext.Current.CancellationToken);
        await subscriber.SubscribeAsync("devices/#", MqttQualityOfServiceLevel.AtLeastOnce, TestContext.Current.CancellationToken);

        var options = new DeviceOptions
        {
            DeviceId = "d",
            Endpoints = [new Uri($"mqtts://127.0.0.1:{port}")],
            Outbox = new OutboxOptions { FlushInterval = TimeSpan.Zero },
            TrustedAuthorities = [own],
            ClientCertificate = own,
        };
        await using (var device = HoldfastDevice.Start(options))
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(n => device.PublishAsync(new DeviceEvent($"e/{n % 3}", Encoding.ASCII.GetBytes($"{n}"))))).Soon();
            await device.DrainAsync(TestContext.Current.CancellationToken).Soon();
            Assert.Equal((50, 50), (device.Traffic.EventsStored, device.Traffic.Publishes));
            Assert.Null(device.ClockOffset);
        }

        await all.Task.Soon();
        Assert.Equal(Enumerable.Range(0, 50).Select(n => ($"devices/d/events/e/{n % 3}", $"{n}", $"{n + 1}")), received.Select(m => (m.Topic, m.ConvertPayloadToString(), Property(m, "hf-seq"))));
        Assert.All(received, m => Assert.InRange(long.Parse(Property(m, "hf-published-at")), 1_700_000_000_000, long.MaxValue));
    }

    [Fact]
    public async Task Levels_above_stored_are_not_there_and_that_is_said()
    {
        Components.Require("apt-get install mosquitto", "sh", "-c", "command -v mosquitto");
        var port = FreePorts.Take();
        using var broker = Start($"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n");
        await broker.UntilRunningAsync();
        var logger = new RecordingLogger();
        var options = new DeviceOptions
        {
            DeviceId = "d",
            Endpoints = [new Uri($"mqtt://127.0.0.1:{port}")],
            Outbox = new OutboxOptions { FlushInterval = TimeSpan.Zero },
            Receipts = true,
        };
        await using var device = HoldfastDevice.Start(options, logger);
        Assert.Null(device.CloudGivesReceipts);
        await device.PublishAsync(new DeviceEvent("bill", "1"u8.ToArray()) { Level = EventLevel.Delivered }).Soon();
        await device.PublishAsync(new DeviceEvent("bill", "2"u8.ToArray())).Soon();
        await device.UntilAsync(statistics => (statistics.Waiting, statistics.AwaitingDelivery) == (1, 1));

        Assert.Equal(2, device.Traffic.EventsStored);
        Assert.False(device.CloudGivesReceipts);
        Assert.Contains(logger.Entries, entry => entry.Level == LogLevel.Warning && entry.Text.Contains("gives no receipts", StringComparison.Ordinal));
    }

    private static string Property(MqttApplicationMessage message, string name) => Encoding.UTF8.GetString(message.UserProperties.Single(p => p.Name == name).ValueBuffer.Span);

    private static MqttClientOptions SubscriberOptions(int port, X509Certificate2 own) => new MqttClientOptionsBuilder()
        .WithTcpServer("127.0.0.1", port)
        .WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500)
        .WithTlsOptions(t => t.UseTls().WithClientCertificates([own]).WithCertificateValidationHandler(_ => true))
        .Build();

    private RunningProcess Start(string configuration)
    {
        var file = _directory.Below("mosquitto.conf");
        File.WriteAllText(file, configuration);
        return new RunningProcess(Process.Start(new ProcessStartInfo("mosquitto", ["-c", file]) { RedirectStandardError = true })!);
    }

    private sealed class RunningProcess(Process process) : IDisposable
    {
        public async Task UntilRunningAsync()
        {
            while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Soon() is { } line)
            {
                if (line.EndsWith(" running", StringComparison.Ordinal))
                {
                    return;
                }
            }

            Assert.Fail("mosquitto does not start.");
        }

        public void Dispose()
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
