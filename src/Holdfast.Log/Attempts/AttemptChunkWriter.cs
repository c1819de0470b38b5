using System.Buffers;
using System.Text;

namespace Holdfast.Log.Attempts;

/// <summary>
/// Encodes the attempts of one chunk. Each entry, with numbers of variable length (seven bits a byte, the low ones first):
/// <code>
/// u8 kind (bits 0-2) | single offset (3) | status given (4) | error given (5)
/// time since the entry before, in ms, zigzag; the first: since 1970 | duration, in us | [status] | [error: its number; a new one: length, UTF-8]
/// single: offset | else: number of runs, each: offsets between it and the run before, offsets in it less one
/// </code>
/// Offsets count within the bucket and ascend within an entry.
/// </summary>
internal sealed class AttemptChunkWriter(AttemptSource source, int partition, long bucket)
{
    /// <summary>How much of an error is kept, in characters; the rest says nothing new.</summary>
    public const int MaximumError = 200;

    public const int KindMask = 0b0111;
    public const int Single = 0b1000;
    public const int HasStatus = 0b1_0000;
    public const int HasError = 0b10_0000;

    private readonly ArrayBufferWriter<byte> _body = new(64);
    private readonly List<string> _errors = [];
    private long _time;
    private int _first = int.MaxValue;
    private int _last;
    private long _lossAt;

    /// <summary>Adds an attempt.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="offsets">Its offsets in this bucket, ascending, each once.</param>
    public void Add(in Attempt attempt, ReadOnlySpan<long> offsets)
    {
        var first = (int)(offsets[0] & (AttemptChunk.BucketSize - 1));
        Begin(attempt, offsets.Length == 1);
        if (offsets.Length == 1)
        {
            Number((ulong)first);
        }
        else
        {
            Runs(offsets);
        }

        _first = Math.Min(_first, first);
        _last = Math.Max(_last, (int)(offsets[^1] & (AttemptChunk.BucketSize - 1)));
    }

    /// <summary>Adds an end that befell all offsets of a range.</summary>
    /// <param name="attempt">What befell them.</param>
    /// <param name="first">The first offset, within the bucket.</param>
    /// <param name="last">The last offset, within the bucket.</param>
    public void AddRange(in Attempt attempt, int first, int last)
    {
        Begin(attempt, isSingle: false);
        Number(1);
        Number((ulong)first);
        Number((ulong)(last - first));
        _first = Math.Min(_first, first);
        _last = Math.Max(_last, last);
    }

    /// <summary>The chunk.</summary>
    public AttemptChunk Finish() => new(source, partition, bucket, _first, _last, _lossAt, _body.WrittenMemory);

    private void Begin(in Attempt attempt, bool isSingle)
    {
        var error = attempt.Error.Length > MaximumError ? attempt.Error[..MaximumError] : attempt.Error;
        _body.GetSpan(1)[0] = (byte)((int)attempt.Kind | (isSingle ? Single : 0) | (attempt.Status != 0 ? HasStatus : 0) | (error.Length > 0 ? HasError : 0));
        _body.Advance(1);
        var difference = attempt.StartedAtMilliseconds - _time;
        _time = attempt.StartedAtMilliseconds;
        Number((ulong)((difference << 1) ^ (difference >> 63)));
        Number((ulong)Math.Max(0, attempt.DurationMicroseconds));
        if (attempt.Status != 0)
        {
            Number((ulong)attempt.Status);
        }

        if (error.Length > 0)
        {
            Text(error);
        }

        _lossAt = attempt.Kind.IsLoss() ? Math.Max(_lossAt, attempt.StartedAtMilliseconds) : _lossAt;
    }

    private void Runs(ReadOnlySpan<long> offsets)
    {
        var runs = 1;
        for (var i = 1; i < offsets.Length; i++)
        {
            runs += offsets[i] == offsets[i - 1] + 1 ? 0 : 1;
        }

        Number((ulong)runs);
        var next = offsets[0] & ~(AttemptChunk.BucketSize - 1L);
        for (var begin = 0; begin < offsets.Length;)
        {
            var end = begin + 1;
            while (end < offsets.Length && offsets[end] == offsets[end - 1] + 1)
            {
                end++;
            }

            Number((ulong)(offsets[begin] - next));
            Number((ulong)(end - begin - 1));
            next = offsets[end - 1] + 1;
            begin = end;
        }
    }

    private void Text(string error)
    {
        var known = _errors.IndexOf(error);
        Number((ulong)(known < 0 ? _errors.Count : known));
        if (known < 0)
        {
            _errors.Add(error);
            var bytes = Encoding.UTF8.GetBytes(error);
            Number((ulong)bytes.Length);
            _body.Write(bytes);
        }
    }

    private void Number(ulong value)
    {
        var span = _body.GetSpan(10);
        var length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        _body.Advance(length);
    }
}
