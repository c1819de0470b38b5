using System.Text;

namespace Holdfast.Crash.Traces;

/// <summary>The judge on traces made by hand.</summary>
public sealed class AcknowledgementCheckerTests
{
    private const string Ack1 = @"20 sendto(9, ""\x40\x02\x00\x01"", 4, MSG_NOSIGNAL, NULL, 0) = 4";

    [Fact]
    public void A_flush_between_write_and_acknowledgement_is_right()
        => AssertClean(1, Write(1), "10 fdatasync(5) = 0", Ack1);

    [Fact]
    public void Several_acknowledgements_in_one_send_are_judged_each()
        => AssertClean(
            2,
            $@"10 pwritev(5, [{{iov_base=""{Hex(Payload(1))}"", iov_len=30}}, {{iov_base=""{Hex(Payload(2))}"", iov_len=30}}], 2, 0) = 60",
            "10 fdatasync(5) = 0",
            @"20 sendmsg(9, {msg_name=NULL, msg_iov=[{iov_base=""\x40\x02\x00\x01\x40\x02\x00\x02"", iov_len=8}], msg_iovlen=1}, MSG_NOSIGNAL) = 8");

    [Fact]
    public void A_packet_split_over_two_sends_is_read()
        => AssertClean(
            1,
            Write(1),
            "10 fdatasync(5) = 0",
            @"20 sendto(9, ""\x20\x02\x00\x00\x40\x02"", 6, 0, NULL, 0) = 6",
            @"20 sendto(9, ""\x00\x01"", 2, 0, NULL, 0) = 2");

    [Fact]
    public void A_flush_that_another_thread_interrupts_in_the_trace_counts_from_its_return()
        => AssertClean(1, Write(1), "10 fdatasync(5 <unfinished ...>", "11 fdatasync(6) = 0", "10 <... fdatasync resumed>) = 0 (DELAYED)", Ack1);

    [Fact]
    public void No_flush_is_found() => AssertViolation("flush", Write(1), Ack1);

    [Fact]
    public void A_flush_of_another_file_is_found() => AssertViolation("flush", Write(1), "10 fdatasync(6) = 0", Ack1);

    [Fact]
    public void A_flush_after_the_acknowledgement_is_found() => AssertViolation("flush", Write(1), Ack1, "10 fdatasync(5) = 0");

    [Fact]
    public void A_flush_that_had_not_returned_is_found()
        => AssertViolation("flush", Write(1), "10 fdatasync(5 <unfinished ...>", Ack1, "10 <... fdatasync resumed>) = 0");

    [Fact]
    public void A_flush_that_began_before_the_write_returned_is_found()
        => AssertViolation("flush", Write(1).Replace(") = 30", " <unfinished ...>", StringComparison.Ordinal), "11 fdatasync(5 <unfinished ...>", "10 <... pwrite64 resumed>) = 30", "11 <... fdatasync resumed>) = 0", Ack1);

    [Fact]
    public void A_flush_that_failed_is_found() => AssertViolation("flush", Write(1), "10 fdatasync(5) = -1 EIO (Input/output error) (INJECTED)", Ack1);

    [Fact]
    public void An_acknowledgement_without_a_write_is_found() => AssertViolation("written", "10 fdatasync(5) = 0", Ack1);

    [Fact]
    public void An_acknowledgement_of_another_message_is_found() => AssertViolation("written", Write(2), "10 fdatasync(5) = 0", Ack1);

    private static void AssertClean(int acknowledgements, params string[] lines)
    {
        var verdict = AcknowledgementChecker.Check(StraceReader.Read(lines));

        Assert.Empty(verdict.Violations);
        Assert.Equal(acknowledgements, verdict.Acknowledgements);
    }

    private static void AssertViolation(string what, params string[] lines)
        => Assert.Contains(what, Assert.Single(AcknowledgementChecker.Check(StraceReader.Read(lines)).Violations), StringComparison.Ordinal);

    private static string Write(int packetId) => $@"10 pwrite64(5, ""{Hex(Payload(packetId))}"", 30, 4096) = 30";

    private static string Payload(int packetId) => "header" + AcknowledgementChecker.Marker(packetId) + "tail";

    private static string Hex(string text) => string.Concat(Encoding.ASCII.GetBytes(text).Select(part => $@"\x{part:x2}"));
}
