using Holdfast.Log.Batches;
using Holdfast.Log.Commit;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;

namespace Holdfast.Log.Tests.Commit;

public sealed class ForwardedRecordsTests
{
    private const ulong Sender = 7;

    [Fact]
    public async Task Records_of_another_node_get_their_places_and_a_proof_behind_them()
    {
        await using var harness = new CommitterHarness();
        harness.Committer.Start();
        await harness.Append(1, "own");
        var (admission, offsets, heard) = Forward(harness, 1, 1, "a", "b");

        Assert.Equal(ForwardAdmission.Accepted, admission);
        Assert.Equal([1, 2], offsets);
        Assert.Equal(AppendStatus.Appended, (await heard).Status);
        Assert.Equal(4, harness.Log.CommittedOffset(1));
        Assert.Equal((Sender, 1), await ProofAsync(harness, 1, 3));
    }

    [Fact]
    public async Task A_request_that_is_repeated_is_stored_once_and_answered_when_the_first_is_committed()
    {
        await using var harness = new CommitterHarness();
        harness.Log.Gate.Close();
        harness.Committer.Start();
        var first = Forward(harness, 1, 1, "a");
        await harness.GateReachedAsync();
        var second = Forward(harness, 1, 1, "a");
        Assert.Equal(ForwardAdmission.Repeated, second.Admission);
        Assert.False(second.Heard.IsCompleted);

        harness.Log.Gate.Open();
        await first.Heard;
        Assert.Equal(AppendStatus.Appended, (await second.Heard).Status);
        Assert.Equal(2, harness.Log.CommittedOffset(1));
    }

    [Fact]
    public async Task A_request_that_was_refused_is_stored_when_it_comes_again()
    {
        await using var harness = new CommitterHarness();
        harness.Committer.Start();
        harness.Log.Answer = AppendStatus.Full;
        var refused = Forward(harness, 1, 1, "a");
        Assert.Equal(AppendStatus.Full, (await refused.Heard).Status);

        harness.Log.Answer = AppendStatus.Appended;
        var again = await ForwardWhenRoomAsync(harness, 1, 1, "a");
        Assert.Equal(ForwardAdmission.Accepted, again.Admission);
        Assert.Equal(AppendStatus.Appended, (await again.Heard).Status);
    }

    [Fact]
    public async Task The_next_owner_knows_from_the_log_what_was_received()
    {
        await using var first = new CommitterHarness();
        first.Committer.Start();
        await Forward(first, 1, 1, "a").Heard;
        await Forward(first, 1, 2, "b").Heard;

        await using var next = new CommitterHarness();
        next.Committer.Disown(1);
        next.Committer.Reset(1, first.Log.CommittedOffset(1));
        using var read = await first.Log.ReadAsync(1, 0, null, int.MaxValue, TestContext.Current.CancellationToken);
        foreach (var batch in read.Batches)
        {
            next.Committer.Replay(batch, 0);
        }

        next.Committer.Own(1);
        Assert.Equal(ForwardAdmission.Repeated, Forward(next, 1, 2, "b").Admission);
        Assert.Equal((ForwardAdmission.Accepted, first.Log.CommittedOffset(1)), (Forward(next, 1, 3, "c") is var third ? third.Admission : default, third.Offsets[0]));
    }

    [Fact]
    public async Task A_duplicate_of_a_stream_has_no_place_of_its_own()
    {
        await using var harness = new CommitterHarness();
        harness.Committer.Start();
        await harness.Append(1, "a", sequence: 1);
        var records = new OpenBatch();
        Write(records, "a", 1);
        Write(records, "b", 2);
        var offsets = new long[2];
        var (token, heard) = harness.NewToken();
        harness.Committer.TryAppend(1, Request(records, 1), offsets, harness, token);
        await heard;
        Assert.Equal([-1, 1], offsets);
    }

    [Fact]
    public async Task Nothing_is_taken_for_a_partition_that_is_not_owned()
    {
        await using var harness = new CommitterHarness();
        harness.Committer.Start();
        harness.Committer.Disown(1);
        Assert.Equal(ForwardAdmission.NotOwned, Forward(harness, 1, 1, "a").Admission);
        Assert.Equal(ForwardAdmission.Accepted, Forward(harness, 2, 1, "a").Admission);
    }

    [Fact]
    public async Task Records_are_never_torn_apart_by_a_full_batch()
    {
        await using var harness = new CommitterHarness();
        harness.Log.Gate.Close();
        harness.Committer.Start();
        _ = harness.Append(1, "first");
        await harness.GateReachedAsync();
        var large = new string('x', GroupCommitter.MaximumOpenBytes - 1000);
        Assert.Equal(ForwardAdmission.Accepted, Forward(harness, 1, 1, large).Admission);
        Assert.Equal(ForwardAdmission.Busy, Forward(harness, 1, 2, "a", new string('y', 2000)).Admission);
        harness.Log.Gate.Open();
    }

    private static (ForwardAdmission Admission, long[] Offsets, Task<Outcome> Heard) Forward(
        CommitterHarness harness, int partition, long number, params string[] payloads)
    {
        using var records = new OpenBatch();
        foreach (var payload in payloads)
        {
            Write(records, payload, null);
        }

        var offsets = new long[payloads.Length];
        var (token, heard) = harness.NewToken();
        var admission = harness.Committer.TryAppend(partition, Request(records, number), offsets, harness, token);
        return (admission, offsets, heard);
    }

    private static async Task<(ForwardAdmission Admission, Task<Outcome> Heard)> ForwardWhenRoomAsync(
        CommitterHarness harness, int partition, long number, string payload)
    {
        while (true)
        {
            var (admission, _, heard) = Forward(harness, partition, number, payload);
            if (admission != ForwardAdmission.Busy)
            {
                return (admission, heard);
            }

            await harness.Committer.WhenRoomAsync();
        }
    }

    private static ForwardedRecords Request(OpenBatch records, long number)
    {
        var count = records.Count;
        var batch = records.Seal(0, 0, 0);
        return new ForwardedRecords(Sender, number, batch.Body.ToArray(), count);
    }

    private static void Write(OpenBatch records, string payload, ulong? sequence)
    {
        var record = CommitterHarness.Record(payload, sequence);
        record.WriteTo(records.Reserve(record.Size, record.ReceivedAtMilliseconds));
    }

    private static List<SessionRecord> Proofs(RecordBatch batch)
    {
        var proofs = new List<SessionRecord>();
        foreach (var view in batch)
        {
            if (view.Kind == RecordKind.Forwarded)
            {
                proofs.Add(SessionRecord.Read(view));
            }
        }

        return proofs;
    }

    private static async Task<(ulong Sender, long Number)> ProofAsync(CommitterHarness harness, int partition, long offset)
    {
        using var read = await harness.Log.ReadAsync(partition, offset, null, int.MaxValue, TestContext.Current.CancellationToken);
        var proof = Assert.Single(read.Batches.SelectMany(Proofs));
        return (proof.Session, proof.MessageOffset);
    }
}
