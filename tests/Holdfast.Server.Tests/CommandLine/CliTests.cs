using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Tests.CommandLine;

public sealed class CliTests
{
    [Fact]
    public async Task Help_names_every_command()
    {
        var terminal = new TestTerminal();
        Assert.Equal(0, await terminal.RunAsync("--help"));
        Assert.All(["serve", "pub", "sub", "integration", "bench", "demo", "agent", "fleet"], command => Assert.Contains($"  {command} ", terminal.Output, StringComparison.Ordinal));
        Assert.Empty(terminal.Error);
    }

    [Fact]
    public void Every_command_goes_by_its_name_and_is_made_alone()
    {
        using var terminal = new TestTerminal();
        TopLevelCommand[] all = TopLevelCommand.All(terminal.Terminal);

        Assert.All(all, command => Assert.Equal(command.Name, command.Build().Name));
        Assert.All(all, command => Assert.Equal(command.Name, Assert.Single(TopLevelCommand.For([command.Name, "x"], terminal.Terminal)).Name));
        Assert.Equal(all.Length, TopLevelCommand.For(["serf"], terminal.Terminal).Count());
        Assert.Equal(all.Length, TopLevelCommand.For([], terminal.Terminal).Count());
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("pub")]
    [InlineData("sub")]
    [InlineData("integration", "add")]
    [InlineData("bench", "ingest")]
    [InlineData("bench", "compare")]
    [InlineData("demo")]
    [InlineData("agent")]
    [InlineData("fleet")]
    public async Task Every_command_has_help(params string[] command)
    {
        var terminal = new TestTerminal();
        Assert.Equal(0, await terminal.RunAsync([.. command, "--help"]));
        Assert.Contains("--json", terminal.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("holdfast: Required command was not provided. See 'holdfast --help'.")]
    [InlineData("holdfast: 'serf' is not known here. See 'holdfast --help'.", "serf")]
    [InlineData("holdfast bench one: 'x' is not known here. See 'holdfast bench one --help'.", "bench", "one", "x")]
    [InlineData("holdfast integration remove: Required argument", "integration", "remove")]
    [InlineData("holdfast integration add: --webhook nowhere: write a complete address", "integration", "add", "--webhook", "nowhere", "--filter", "a")]
    [InlineData("holdfast demo: --seconds: write a number", "demo", "--seconds", "1")]
    [InlineData("holdfast bench compare: localhost: write a broker as HOST:PORT.", "bench", "compare", "localhost", "localhost:1", "one")]
    public async Task A_wrong_command_line_is_one_line_and_exit_code_2(string expected, params string[] arguments)
    {
        var terminal = new TestTerminal();
        Assert.Equal(2, await terminal.RunAsync(arguments));
        Assert.StartsWith(expected, terminal.Error, StringComparison.Ordinal);
        Assert.Equal(1, terminal.Error.Count(character => character == '\n'));
    }
}
