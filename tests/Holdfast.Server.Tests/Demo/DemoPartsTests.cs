using System.Text.Json;
using Holdfast.Server.Demo;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Server.Tests.Demo;

public sealed class DemoPartsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void The_same_seed_makes_the_same_devices()
    {
        Assert.Equal(Story(7, 3), Story(7, 3));
        Assert.NotEqual(Story(7, 3), Story(7, 4));
        Assert.NotEqual(Story(7, 3), Story(8, 3));
    }

    [Fact]
    public void Devices_have_different_ids_streams_and_sequences_from_1_and_speak_json_on_their_own_topics()
    {
        DeviceModel[] models = [.. Enumerable.Range(0, 100).Select(index => new DeviceModel(index, 1))];
        DeviceEvent[] firsts = [.. models.Select(model => model.Next(Now))];
        Assert.Equal(100, models.Select(model => model.Id).Distinct().Count());
        Assert.Equal(100, firsts.Select(first => first.Key.Stream).Distinct().Count());
        Assert.All(firsts, first => Assert.Equal(1ul, first.Key.Sequence));
        for (int index = 0; index < 100; index++)
        {
            for (ulong sequence = 2; sequence < 30; sequence++)
            {
                DeviceEvent next = models[index].Next(Now);
                Assert.Equal(sequence, next.Key.Sequence);
                Assert.StartsWith($"devices/{models[index].Id}/events/", next.Topic, StringComparison.Ordinal);
                Assert.Equal(models[index].Id, JsonElement.Parse(next.Payload).GetProperty("device").GetString());
            }
        }
    }

    [Fact]
    public void A_journal_is_json_lines()
    {
        string directory = Directory.CreateTempSubdirectory().FullName;
        try
        {
            using (DemoJournal journal = DemoJournal.Open(directory, "device-1", new FakeTimeProvider(Now)))
            {
                journal.Write("connected");
                journal.Write("received", new EventKey("s", 5), "a/b", "dup", "x-1-2");
            }

            string[] lines = File.ReadAllLines(Path.Combine(directory, "device-1.jsonl"));
            Assert.Equal("""{"at":"2026-01-02T03:04:05.000000Z","action":"connected"}""", lines[0]);
            Assert.Equal("""{"at":"2026-01-02T03:04:05.000000Z","action":"received","stream":"s","sequence":5,"topic":"a/b","eventId":"x-1-2","detail":"dup"}""", lines[1]);
            Assert.Equal(2, lines.Length);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData(true, 5, 0, null)]
    [InlineData(false, 5, 0, "not really killed")]
    [InlineData(true, 0, 0, "nothing was acknowledged")]
    [InlineData(true, 5, 1, "missing")]
    public void Only_a_kill_without_loss_proves_anything(bool isKilled, long acknowledged, long lost, string? failure)
    {
        var result = new DemoResult { Figures = new DemoFigures { Acknowledged = acknowledged, LostToWebhook = lost }, IsKilled = isKilled, RestartSeconds = 1, Seed = 3 };
        Assert.Equal(failure is null, result.IsProven);
        Assert.Equal(failure is null, DemoLine.Of(result).Proven);
        Assert.Equal(failure is null, result.Failure is null);
        Assert.Contains(failure ?? "", result.Failure ?? "", StringComparison.Ordinal);
        Assert.Contains("acknowledged", result.Format(), StringComparison.Ordinal);
    }

    private static string Story(int index, int seed)
    {
        var model = new DeviceModel(index, seed);
        return string.Join('|', Enumerable.Range(0, 20).Select(_ => model.Next(Now)).Select(next => $"{next.Key} {next.Topic} {Convert.ToHexString(next.Payload)} {model.NextPause(TimeSpan.FromSeconds(1))}"));
    }
}
