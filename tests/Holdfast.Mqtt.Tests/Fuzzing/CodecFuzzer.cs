using System.Text;
using CsCheck;
using Holdfast.Mqtt.Tests.Generated;
using Holdfast.Mqtt.Tests.Oracle;

namespace Holdfast.Mqtt.Tests.Fuzzing;

/// <summary>Decodes one whole packet; null when it is refused.</summary>
internal delegate string? Decoder(byte[] packet, ProtocolVersion version, bool fromServer, out DecodeError error);

/// <summary>
/// Changes packets and compares what a decoder says of them with what the oracle says. Inputs that were answered in a new way (another fault, another set of fields) are kept and changed further, so
/// that it finds its way to the places behind the first checks.
/// </summary>
internal sealed class CodecFuzzer(int seed, Decoder decoder)
{
    private const int MostKept = 4096;
    private const int Short = 400;

    private readonly Random _random = new(seed);
    private readonly HashSet<string> _answers = [];
    private readonly List<SamplePacket> _kept = [];
    private readonly List<SamplePacket> _good = [];

    /// <summary>Packets tried.</summary>
    public int Tried { get; private set; }

    /// <summary>How many the decoder accepted.</summary>
    public int Accepted { get; private set; }

    /// <summary>How many different answers there were.</summary>
    public int Answers => _answers.Count;

    /// <summary>Tries one packet.</summary>
    /// <returns>What is wrong, with the smallest packet that shows it; null when both agree.</returns>
    public string? TryNext()
    {
        var sample = Next();
        Tried++;
        var accepted = Accepted;
        var fault = Judge(sample, out var answer);
        var isGood = Accepted > accepted;
        if (fault is not null)
        {
            var small = Shrink(sample);
            return $"Packet {Tried} of seed {seed} ({small.Version}, from the {(small.FromServer ? "server" : "client")}): {Convert.ToHexString(small.Bytes)}: {Judge(small, out _)}";
        }

        if (_answers.Count < MostKept && sample.Bytes.Length < Short && _answers.Add(answer))
        {
            (isGood ? _good : _kept).Add(sample);
        }

        return null;
    }

    private SamplePacket Next()
    {
        var known = _good.Count > 0 && _random.Next(2) == 0 ? _good : _kept;
        var sample = known.Count == 0 || _random.Next(16) == 0 ? Fresh() : known[_random.Next(known.Count)];
        var other = _kept.Count == 0 ? [] : _kept[_random.Next(_kept.Count)].Bytes;
        return sample with
        {
            Bytes = PacketMutator.Mutate(sample.Bytes, other, _random),
            Version = _random.Next(8) == 0 ? Other(sample.Version) : sample.Version,
            FromServer = _random.Next(8) == 0 ? !sample.FromServer : sample.FromServer,
        };
    }

    /// <summary>A good packet, seldom a long one: what is interesting is short, and the oracle is slow.</summary>
    private SamplePacket Fresh()
    {
        while (true)
        {
            var sample = SamplePackets.Any.Generate(new PCG(1, (ulong)_random.NextInt64()), null, out _);
            if (sample.Bytes.Length < Short || _random.Next(100) == 0)
            {
                return sample;
            }
        }
    }

    private string? Judge(SamplePacket sample, out string answer)
    {
        var expected = SlowDecoder.Decode(sample.Bytes, (int)sample.Version, sample.FromServer);
        string? actual;
        DecodeError error;
        try
        {
            actual = decoder(sample.Bytes, sample.Version, sample.FromServer, out error);
        }
#pragma warning disable CA1031 // Whatever a decoder throws is what is looked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            answer = "";
            return exception.ToString();
        }

        Accepted += actual is null ? 0 : 1;
        answer = $"{(sample.Bytes.Length == 0 ? 0 : sample.Bytes[0] >> 4)} {sample.Version} {sample.FromServer} {(actual is null ? error.ToString() : Shape(actual))}";
        return expected == actual ? null : $"expected {expected ?? "a refusal"}, got {actual ?? error.ToString()}";
    }

    /// <summary>Leaves out what makes the fault no other, a piece at a time.</summary>
    private SamplePacket Shrink(SamplePacket sample)
    {
        for (var piece = sample.Bytes.Length / 2; piece > 0; piece /= 2)
        {
            for (var at = 0; at + piece <= sample.Bytes.Length;)
            {
                byte[] without = [.. sample.Bytes[..at], .. sample.Bytes[(at + piece)..]];
                var smaller = new[] { without, PacketMutator.WithLength(without) }.Select(bytes => sample with { Bytes = bytes }).FirstOrDefault(one => Judge(one, out _) is not null);
                at += smaller is null ? piece : 0;
                sample = smaller ?? sample;
            }
        }

        return sample;
    }

    /// <summary>The names of the fields without their values: values are numbers and capitals, for the most part.</summary>
    private static string Shape(string text) => new StringBuilder().AppendJoin("", text.Where(char.IsAsciiLetterLower)).ToString();

    private static ProtocolVersion Other(ProtocolVersion version) => version == ProtocolVersion.Mqtt5 ? ProtocolVersion.Mqtt311 : ProtocolVersion.Mqtt5;
}
