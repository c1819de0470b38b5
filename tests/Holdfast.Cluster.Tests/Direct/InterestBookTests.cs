using Holdfast.Broker.Topics;
using Holdfast.Cluster.Direct;

namespace Holdfast.Cluster.Tests.Direct;

public sealed class InterestBookTests
{
    private readonly InterestBook _book = new();
    private int _told;

    public InterestBookTests() => _book.Changed += () => _told++;

    [Fact]
    public void A_filter_is_told_when_the_first_comes_and_the_last_goes()
    {
        var version = -1L;
        Assert.Empty(_book.Since(ref version, out var isWhole));
        Assert.True(isWhole);
        Add("a/+");
        Add("a/+");
        Assert.Equal([new InterestChange("p", "a/+", IsAdded: true)], _book.Since(ref version, out isWhole));
        Remove("a/+");
        Assert.Empty(_book.Since(ref version, out _));
        Remove("a/+");
        Assert.Equal([new InterestChange("p", "a/+", IsAdded: false)], _book.Since(ref version, out _));
        Assert.Equal((false, 2), (isWhole, _told));
    }

    [Fact]
    public void Who_is_too_far_behind_gets_everything()
    {
        var version = -1L;
        _book.Since(ref version, out _);
        Add("stays");
        for (var change = 0; change < 8_192; change++)
        {
            Add("x");
            Remove("x");
        }

        Assert.Equal([new InterestChange("p", "stays", IsAdded: true)], _book.Since(ref version, out var isWhole));
        Assert.True(isWhole);
        Assert.Empty(_book.Since(ref version, out isWhole));
        Assert.False(isWhole);
    }

    private static TopicFilter Filter(string text) => TopicFilter.TryParse(text, out var filter, out _) ? filter : throw new ArgumentException(text);

    private void Add(string filter) => _book.OnAdded("p"u8, Filter(filter));

    private void Remove(string filter) => _book.OnRemoved("p"u8, Filter(filter));
}
