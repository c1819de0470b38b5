using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Tests.CommandLine;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("10s", 10)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    [InlineData("7d", 604800)]
    public void A_number_and_a_unit_is_a_duration(string text, double seconds)
    {
        Assert.True(Durations.TryParse(text, out TimeSpan duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("-1s")]
    [InlineData("s")]
    [InlineData("1 s")]
    [InlineData("1e3s")]
    [InlineData("99999999999999999999d")]
    public void Anything_else_is_refused(string text) => Assert.False(Durations.TryParse(text, out _));

    [Theory]
    [InlineData("10s")]
    [InlineData("500ms")]
    [InlineData("90s")]
    [InlineData("7d")]
    public void A_duration_is_written_as_it_is_read(string text)
    {
        Assert.True(Durations.TryParse(text, out TimeSpan duration));
        Assert.Equal(text, Durations.Format(duration));
    }
}
