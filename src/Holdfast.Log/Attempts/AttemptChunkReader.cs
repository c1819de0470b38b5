using System.Text;

namespace Holdfast.Log.Attempts;

/// <summary>Takes one attempt and one run of the offsets that it was about.</summary>
/// <param name="attempt">The attempt.</param>
/// <param name="fromOffset">The first offset.</param>
/// <param name="toOffset">The offset after the last one.</param>
public delegate void AttemptVisitor(in Attempt attempt, long fromOffset, long toOffset);

/// <summary>Reads what <see cref="AttemptChunkWriter"/> wrote.</summary>
public static class AttemptChunkReader
{
    /// <summary>Shows every run of every attempt of a chunk, in order.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="visitor">Takes them.</param>
    /// <exception cref="InvalidDataException">The chunk was not written by Holdfast.</exception>
    public static void Read(AttemptChunk chunk, AttemptVisitor visitor)
    {
        var body = new Body(chunk.Body.Span);
        var errors = new List<string>();
        var time = 0L;
        while (!body.IsAtEnd)
        {
            var flags = body.Byte();
            var difference = body.Number();
            time += (long)(difference >> 1) ^ -(long)(difference & 1);
            var duration = (long)body.Number();
            var status = (flags & AttemptChunkWriter.HasStatus) != 0 ? (int)body.Number() : 0;
            var error = (flags & AttemptChunkWriter.HasError) != 0 ? Error(ref body, errors) : "";
            var attempt = new Attempt((AttemptKind)(flags & AttemptChunkWriter.KindMask), time, duration, status, error);
            if ((flags & AttemptChunkWriter.Single) != 0)
            {
                var offset = chunk.BaseOffset + (long)body.Number();
                visitor(attempt, offset, offset + 1);
                continue;
            }

            var next = chunk.BaseOffset;
            for (var runs = body.Number(); runs > 0; runs--)
            {
                var from = next + (long)body.Number();
                next = from + (long)body.Number() + 1;
                visitor(attempt, from, next);
            }
        }
    }

    private static string Error(ref Body body, List<string> errors)
    {
        var number = body.Number();
        if (number == (ulong)errors.Count)
        {
            errors.Add(Encoding.UTF8.GetString(body.Bytes((int)body.Number())));
        }

        return number < (ulong)errors.Count ? errors[(int)number] : throw Foreign();
    }

    private static InvalidDataException Foreign() => new("A chunk of attempts is damaged, or was not written by Holdfast.");

    private ref struct Body(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public byte Byte()
        {
            var value = _rest.IsEmpty ? throw Foreign() : _rest[0];
            _rest = _rest[1..];
            return value;
        }

        public ulong Number()
        {
            var value = 0UL;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var one = Byte();
                value |= (ulong)(one & 0x7F) << shift;
                if (one < 0x80)
                {
                    return value;
                }
            }

            throw Foreign();
        }

        public ReadOnlySpan<byte> Bytes(int length)
        {
            if (length < 0 || length > _rest.Length)
            {
                throw Foreign();
            }

            var bytes = _rest[..length];
            _rest = _rest[length..];
            return bytes;
        }
    }
}
