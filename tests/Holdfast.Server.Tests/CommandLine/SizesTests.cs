using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Tests.CommandLine;

public sealed class SizesTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("512B", 512)]
    [InlineData("256kB", 256_000)]
    [InlineData("256KiB", 262_144)]
    [InlineData("1.5MB", 1_500_000)]
    [InlineData("64MiB", 67_108_864)]
    [InlineData("2TB", 2_000_000_000_000)]
    public void A_number_and_a_unit_is_a_size(string text, long bytes)
    {
        Assert.True(Sizes.TryParse(text, out long size));
        Assert.Equal(bytes, size);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("-1MB")]
    [InlineData("1 MB")]
    [InlineData("1mb")]
    [InlineData("99999999999TB")]
    public void Anything_else_is_refused(string text) => Assert.False(Sizes.TryParse(text, out _));
}
