using Holdfast.Server.CommandLine;
using Holdfast.Testing;

namespace Holdfast.Server.Tests.CommandLine;

public sealed class ConfigurationTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string File => _directory.Below("holdfast.json");

    [Fact]
    public void The_command_line_goes_before_the_environment_and_the_environment_before_the_file()
    {
        System.IO.File.WriteAllText(File, """{ "data": "f", "listen": ["mqtt://127.0.0.1:1", "mqtt://127.0.0.1:2"], "retention-age": "3d", "allow-anonymous": true, "json": false, /* by age */ "min-free": "1GB", }""");
        var environment = new Dictionary<string, string> { ["HOLDFAST_DATA"] = "e", ["HOLDFAST_RETENTION_AGE"] = "2d", ["HOLDFAST_TOKEN"] = "not an option" };

        var merged = Merge(["--config", File, "--retention-age", "1d"], environment, out var settings, out var problem);

        Assert.Null(problem);
        Assert.Equal(
            ["--data e", "--listen mqtt://127.0.0.1:1 mqtt://127.0.0.1:2", "--allow-anonymous true", "--min-free 1GB", "--retention-age 1d"],
            settings.Select(setting => $"{setting.Option} {string.Join(' ', setting.Values)}"));
        var serve = new ServeArguments();
        var options = serve.Bind(serve.Build().Parse(merged));
        Assert.Equal(("e", 2, TimeSpan.FromDays(1), true, false, 1_000_000_000L), (options.Data, options.Listen.Count, options.RetentionAge, options.AllowAnonymous, options.Json, options.MinFreeBytes));
    }

    [Theory]
    [InlineData("""{"retention": "3d"}""", "there is no option 'retention'")]
    [InlineData("""{"listen": {}}""", "'listen' is a text")]
    [InlineData("[]", "one JSON object")]
    [InlineData("{", "cannot be read")]
    [InlineData("""{"data": "a", "data": "b"}""", "cannot be read")]
    public void What_is_wrong_with_a_file_is_said(string text, string expected)
    {
        System.IO.File.WriteAllText(File, text);

        Merge(["--config", File], [], out _, out var problem);

        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.Contains(File, problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_check_says_what_serve_would_use_and_what_is_wrong()
    {
        System.IO.File.WriteAllText(File, """{ "retention-age": "3d" }""");
        using var good = new TestTerminal();
        Assert.Equal(0, await good.RunAsync("config", "check", "--config", File));
        Assert.Contains("--retention-age 3d  (the file)", good.Output, StringComparison.Ordinal);

        System.IO.File.WriteAllText(File, """{ "listen": "mqtt://nowhere" }""");
        using var bad = new TestTerminal();
        Assert.NotEqual(0, await bad.RunAsync("config", "check", "--config", File));
        Assert.Contains("'nowhere' is not an address", bad.Error, StringComparison.Ordinal);
        using var serve = new TestTerminal();
        Assert.NotEqual(0, await serve.RunAsync("serve", "--config", File));
        Assert.Contains("'nowhere' is not an address", serve.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static IReadOnlyList<string> Merge(IReadOnlyList<string> arguments, Dictionary<string, string> environment, out IReadOnlyList<Setting> settings, out string? problem)
        => Configuration.Merge(arguments, new ServeArguments().Build(), environment.GetValueOrDefault, out settings, out problem);
}
