using Holdfast.Device.Outbox;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Outbox;

/// <summary>What was flushed is there after any number of power cuts and kills, in order, under its name; and no name ever stands for two events.</summary>
public sealed class OutboxPowerCutTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Flushed_events_survive_lost_and_reordered_sectors(int seed)
    {
        var random = new Random(seed);
        var files = new SimulatedFiles();
        var model = new Model();
        for (var life = 0; life < 60; life++)
        {
            using var store = new OutboxStore(files, new OutboxOptions { MaximumBytes = 1024 * 1024 }, new FakeTimeProvider());
            var found = store.ReadAll();
            model.Check(found, $"Seed {seed}, life {life}");
            foreach (var stored in found.Where(_ => random.Next(2) == 0))
            {
                store.Confirm(stored);
                model.Waiting[(int)stored.Priority].Remove(stored.Text());
            }

            Live(store, random, model);
            files = random.Next(3) == 0 ? files.AfterKill() : files.AfterPowerCut(random);
        }

        Assert.InRange(model.Flushed, 500, int.MaxValue);
    }

    private static void Live(OutboxStore store, Random random, Model model)
    {
        for (var group = random.Next(8); group > 0; group--)
        {
            List<(EventPriority Priority, string Text)> added = [];
            for (var i = random.Next(1, 12); i > 0; i--)
            {
                var priority = (EventPriority)random.Next(3);
                var text = $"{model.Next++}:{new string('x', random.Next(700))}";
                model.Named(store.Append(text, priority), text);
                added.Add((priority, text));
            }

            if (group == 1 && random.Next(2) == 0)
            {
                return; // the power goes before the flush
            }

            store.Flush();
            added.ForEach(e => model.Waiting[(int)e.Priority].Add(e.Text));
            model.Flushed += added.Count;
        }

        if (random.Next(2) == 0)
        {
            store.FlushPositions();
        }
    }

    private sealed class Model
    {
        private readonly Dictionary<EventIdentity, string> _names = [];
        private readonly HashSet<EventIdentity> _seen = [];

        public List<string>[] Waiting { get; } = [[], [], []];

        public int Next { get; set; }

        public int Flushed { get; set; }

        // A name may be given to another event only as long as nobody can have sent the first one.
        public void Named(EventIdentity identity, string text)
        {
            Assert.DoesNotContain(identity, _seen);
            _names[identity] = text;
        }

        public void Check(List<StoredEvent> found, string context)
        {
            foreach (var stored in found)
            {
                Assert.Equal(_names[stored.Identity], stored.Text());
                _seen.Add(stored.Identity);
            }

            for (var priority = 0; priority < 3; priority++)
            {
                var texts = found.Where(e => (int)e.Priority == priority).Select(e => e.Text()).ToList();
                Assert.Equal(texts.Count, texts.Distinct().Count());
                var waiting = Waiting[priority].ToHashSet();
                Assert.True(Waiting[priority].SequenceEqual(texts.Where(waiting.Contains)), $"{context}: priority {priority} lost or reordered events.");

                // What was confirmed may come again, and what was not flushed may be there: both wait now.
                Waiting[priority] = texts;
            }
        }
    }
}
