using System.Diagnostics.CodeAnalysis;

namespace Holdfast.Api.Events.Reading;

/// <summary>How many may read at the same time: each of them holds some memory.</summary>
internal sealed class ReaderLimit(int maximum)
{
    private int _count;

    public int Maximum => maximum;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes a place; disposing what is returned gives it back.</summary>
    public bool TryEnter([NotNullWhen(true)] out IDisposable? place)
    {
        place = null;
        if (Interlocked.Increment(ref _count) > maximum)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }

        place = new Place(this);
        return true;
    }

    private sealed class Place(ReaderLimit limit) : IDisposable
    {
        private int _given;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _given, 1) == 0)
            {
                Interlocked.Decrement(ref limit._count);
            }
        }
    }
}
