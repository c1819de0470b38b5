using System.Runtime.InteropServices;

namespace Holdfast.Log.Attempts;

/// <summary>Attempts in the order in which they ended, as cheap to add as can be; made into chunks once for the whole group. One caller at a time.</summary>
internal sealed class AttemptGroup
{
    /// <summary>A place is one number: the partition above the offset, as in the event cursor.</summary>
    private const int OffsetBits = 48;

    private readonly List<Note> _notes = [];
    private readonly List<long> _places = [];

    /// <summary>Places in it.</summary>
    public int Count => _places.Count;

    public bool IsEmpty => _notes.Count == 0;

    /// <summary>A place as a number.</summary>
    public static long PlaceOf(int partition, long offset) => ((long)partition << OffsetBits) | offset;

    /// <summary>Adds an attempt with its places.</summary>
    public void Add(AttemptSource source, in Attempt attempt, ReadOnlySpan<long> places)
    {
        _notes.Add(new Note(source, attempt, _places.Count, places.Length, IsRange: false));
        _places.AddRange(places);
    }

    /// <summary>Adds what befell a range of a partition.</summary>
    public void AddRange(AttemptSource source, in Attempt attempt, int partition, long fromOffset, long toOffset)
    {
        _notes.Add(new Note(source, attempt, _places.Count, 2, IsRange: true));
        _places.Add(PlaceOf(partition, fromOffset));
        _places.Add(PlaceOf(partition, toOffset - 1));
    }

    public void Clear()
    {
        _notes.Clear();
        _places.Clear();
    }

    /// <summary>The group as chunks, each with its attempts in order.</summary>
    public List<AttemptChunk> ToChunks()
    {
        var writers = new Dictionary<(AttemptSource, long), AttemptChunkWriter>();
        var all = CollectionsMarshal.AsSpan(_places);
        foreach (ref readonly var note in CollectionsMarshal.AsSpan(_notes))
        {
            var places = all.Slice(note.First, note.Count);
            if (note.IsRange)
            {
                WriteRange(writers, note, places[0], places[1]);
            }
            else
            {
                Write(writers, note, places);
            }
        }

        return [.. writers.Values.Select(writer => writer.Finish())];
    }

    private static AttemptChunkWriter WriterOf(Dictionary<(AttemptSource, long), AttemptChunkWriter> writers, AttemptSource source, long place)
    {
        var bucket = place >> AttemptChunk.BucketBits;
        ref var writer = ref CollectionsMarshal.GetValueRefOrAddDefault(writers, (source, bucket), out _);
        return writer ??= new AttemptChunkWriter(source, (int)(place >> OffsetBits), bucket & ((1L << (OffsetBits - AttemptChunk.BucketBits)) - 1));
    }

    private static void Write(Dictionary<(AttemptSource, long), AttemptChunkWriter> writers, in Note note, Span<long> places)
    {
        places.Sort();
        for (var begin = 0; begin < places.Length;)
        {
            var bucket = places[begin] >> AttemptChunk.BucketBits;
            var end = begin + 1;
            while (end < places.Length && places[end] >> AttemptChunk.BucketBits == bucket)
            {
                end++;
            }

            WriterOf(writers, note.Source, places[begin]).Add(note.Attempt, places[begin..end]);
            begin = end;
        }
    }

    private static void WriteRange(Dictionary<(AttemptSource, long), AttemptChunkWriter> writers, in Note note, long first, long last)
    {
        for (var place = first; place <= last;)
        {
            var end = Math.Min(last, place | (AttemptChunk.BucketSize - 1));
            WriterOf(writers, note.Source, place).AddRange(
                note.Attempt, (int)(place & (AttemptChunk.BucketSize - 1)), (int)(end & (AttemptChunk.BucketSize - 1)));
            place = end + 1;
        }
    }

    private readonly record struct Note(AttemptSource Source, Attempt Attempt, int First, int Count, bool IsRange);
}
