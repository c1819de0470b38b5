using Holdfast.Testing.Fuzzing;

namespace Holdfast.Mqtt.Tests.Fuzzing;

/// <summary>Packets that nobody has thought of. A run is repeated by its seed; a failure prints the packet.</summary>
public sealed class CodecFuzzTests
{
    private const int Fewest = 5_000;

    [Fact]
    public void Whatever_bytes_come_the_decoder_says_what_the_oracle_says()
    {
        var run = new FuzzRun(TimeSpan.FromSeconds(2), Fewest);
        var fuzzer = new CodecFuzzer(run.FirstSeed, Decoding.Decode);
        while (run.GoesOn(fuzzer.Tried))
        {
            var fault = fuzzer.TryNext();
            Assert.True(fault is null, fault);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"seed {run.FirstSeed}: {fuzzer.Tried} packets in {run.Seconds:0} s, {fuzzer.Accepted} accepted, {fuzzer.Answers} different answers, 0 disagreements");
        Assert.True(fuzzer.Accepted > fuzzer.Tried / 50, "Hardly a packet was accepted: the run shows nothing.");
        Assert.True(fuzzer.Answers > 100, $"Only {fuzzer.Answers} different answers: the run shows nothing.");
    }

    [Theory]
    [InlineData("QoS 3")]
    [InlineData("packet identifier 0")]
    [InlineData("surrogates")]
    public void A_decoder_that_is_broken_on_purpose_is_found(string fault)
    {
        var fuzzer = new CodecFuzzer(1, (byte[] packet, ProtocolVersion version, bool fromServer, out DecodeError error)
            => Decoding.Decode(packet, version, fromServer, out error) ?? (IsLetThrough(fault, error) ? "anything" : null));
        while (fuzzer.Tried < 60_000)
        {
            if (fuzzer.TryNext() is { } found)
            {
                TestContext.Current.TestOutputHelper?.WriteLine(found);
                return;
            }
        }

        Assert.Fail($"In {fuzzer.Tried} packets '{fault}' was not found.");
    }

    private static bool IsLetThrough(string fault, DecodeError error) => error.Clause == fault switch
    {
        "QoS 3" => "MQTT-3.3.1-4",
        "packet identifier 0" => "MQTT-2.2.1-3",
        _ => "MQTT-1.5.4-1",
    };
}
