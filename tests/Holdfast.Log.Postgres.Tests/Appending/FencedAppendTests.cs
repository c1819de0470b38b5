using Holdfast.Log.Partitions;
using Holdfast.Log.Postgres.Appending;
using Holdfast.Log.Postgres.Connections;
using Holdfast.Log.TestKit;

namespace Holdfast.Log.Postgres.Tests.Appending;

public sealed class FencedAppendTests
{
    private const string Me = "me";

    [Fact]
    public async Task Whatever_goes_wrong_the_answer_is_what_is_stored()
    {
        for (var seed = 0; seed < 20_000; seed++)
        {
            var database = new ModelDatabase(seed, Me, partitions: 3) { HasRivals = seed % 3 > 0 };
            var epochs = new long[] { 1, 1 };
            var result = await RunAsync(database, epochs, 0, 0, 2);
            database.Settle();

            var copies = database.Stored.Count(stored => stored.Partition == 0 && stored.BaseOffset == 0);
            Assert.True(result.Status == (copies == 1 ? AppendStatus.Appended : AppendStatus.Fenced), $"Seed {seed}: {result.Status}, stored {copies} times.");
            Assert.Equal(copies, database.Stored.Count(stored => stored.Partition == 2 && stored.BaseOffset == 0));
            Assert.All(result.Lost, partition => Assert.NotEqual(Me, database.Head(partition).Owner));
        }
    }

    [Fact]
    public async Task Without_rivals_every_append_succeeds_in_the_end()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var database = new ModelDatabase(seed, Me, partitions: 2) { HasRivals = false, FaultRate = 0.8 };
            var epochs = new long[] { 1, 1 };
            for (var offset = 0; offset < 5; offset++)
            {
                Assert.Equal(AppendStatus.Appended, (await RunAsync(database, epochs, offset, 0, 1)).Status);
                Assert.Equal(2 * (offset + 1), database.Stored.Count);
            }
        }
    }

    [Fact]
    public async Task An_unknown_outcome_is_resolved_by_raising_the_epoch_and_not_by_reading()
    {
        var database = new ScriptedDatabase();
        database.Appends.Enqueue(new(OutcomeKind.Unknown));
        database.Raises.Enqueue(new(OutcomeKind.Unknown));
        database.Raises.Enqueue(new(OutcomeKind.Done, [new PartitionHead(0, 1, 3, Me)]));
        var epochs = new long[] { 1 };

        var result = await RunAsync(database, epochs, 0);

        Assert.Equal(AppendStatus.Appended, result.Status);
        Assert.Equal([3L], epochs);
        Assert.Equal(["append", "raise", "raise"], database.Calls);
    }

    [Fact]
    public async Task What_turns_out_not_to_be_stored_is_sent_again_under_the_new_epoch()
    {
        var database = new ScriptedDatabase();
        database.Appends.Enqueue(new(OutcomeKind.Unknown));
        database.Raises.Enqueue(new(OutcomeKind.Done, [new PartitionHead(0, 0, 2, Me)]));
        database.Appends.Enqueue(new(OutcomeKind.Done, new AppendAnswer(true, 1, "")));
        var epochs = new long[] { 1 };

        Assert.Equal(AppendStatus.Appended, (await RunAsync(database, epochs, 0)).Status);
        Assert.Equal([2L], epochs);
        Assert.Equal(["append", "raise", "append"], database.Calls);
    }

    [Fact]
    public async Task An_end_that_a_failover_has_lost_is_a_fence()
    {
        var database = new ScriptedDatabase();
        database.Appends.Enqueue(new(OutcomeKind.Unknown));
        database.Raises.Enqueue(new(OutcomeKind.Done, [new PartitionHead(0, -7, 2, Me)]));

        var result = await RunAsync(database, [1], 0);

        Assert.Equal((AppendStatus.Fenced, 0), (result.Status, Assert.Single(result.Lost)));
        Assert.Equal(["append", "raise", "look"], database.Calls);
    }

    [Fact]
    public async Task A_full_disk_is_told_and_a_lock_that_is_held_is_waited_for()
    {
        var database = new ScriptedDatabase();
        database.Appends.Enqueue(new(OutcomeKind.Retry));
        database.Appends.Enqueue(new(OutcomeKind.NotPrimary));
        database.Appends.Enqueue(new(OutcomeKind.Full));

        Assert.Equal(AppendStatus.Full, (await RunAsync(database, [1], 0)).Status);
        Assert.Equal(3, database.Calls.Count);
    }

    [Fact]
    public async Task Without_a_synchronous_standby_it_waits_until_there_is_one()
    {
        var database = new ScriptedDatabase();
        database.Appends.Enqueue(new(OutcomeKind.Done, new AppendAnswer(false, 0, "")));
        database.Appends.Enqueue(new(OutcomeKind.Done, new AppendAnswer(true, 1, "standby")));

        Assert.Equal(AppendStatus.Appended, (await RunAsync(database, [1], 0)).Status);
        Assert.Equal(["append", "append"], database.Calls);
    }

    private static Task<AppendResult> RunAsync(IFenceDatabase database, long[] epochs, int partition) => RunAsync(database, epochs, 0, [partition]);

    private static async Task<AppendResult> RunAsync(IFenceDatabase database, long[] epochs, long offset, params int[] partitions)
    {
        var batches = partitions.Select(partition => TestBatches.Make(partition, offset)).ToArray();
        var group = BatchGroup.Take(batches);
        try
        {
            return await new FencedAppend(database, Me, requiresStandby: true, (_, _, _) => ValueTask.CompletedTask).RunAsync(group, epochs);
        }
        finally
        {
            group.Release();
            Array.ForEach(batches, batch => batch.Release());
        }
    }

    private sealed class ScriptedDatabase : IFenceDatabase
    {
        public Queue<Outcome<AppendAnswer>> Appends { get; } = new();

        public Queue<Outcome<PartitionHead[]>> Raises { get; } = new();

        public List<string> Calls { get; } = [];

        public ValueTask<Outcome<AppendAnswer>> AppendAsync(BatchGroup group, long[] epochs) => Answer("append", Appends);

        public ValueTask<Outcome<PartitionHead[]>> RaiseAsync(short[] partitions, string owner) => Answer("raise", Raises);

        public ValueTask<Outcome<PartitionHead[]>> ReadAsync(short[] partitions) => throw new InvalidOperationException("A read decides nothing here.");

        public ValueTask<Outcome<bool>> HasBatchAsync(short partition, long baseOffset, long epoch, int checksum)
        {
            Calls.Add("look");
            return ValueTask.FromResult(new Outcome<bool>(OutcomeKind.Done, false));
        }

        private ValueTask<Outcome<T>> Answer<T>(string call, Queue<Outcome<T>> script)
        {
            Calls.Add(call);
            return ValueTask.FromResult(script.Dequeue());
        }
    }
}
