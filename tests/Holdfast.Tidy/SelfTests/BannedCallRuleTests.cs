using Holdfast.Tidy.Rules;

namespace Holdfast.Tidy.SelfTests;

public sealed class BannedCallRuleTests
{
    [Theory]
    [InlineData("tests/Any/A.cs", "await Task.Delay(1);")]
    [InlineData("tests/Any/A.cs", "System.Threading.Thread.Sleep(1);")]
    [InlineData("tests/Any/A.cs", "var wait = global::System.Threading.Tasks.Task.Delay;")]
    [InlineData("src/Holdfast.Log/A.cs", "var now = DateTime.UtcNow;")]
    [InlineData("src/Holdfast.Log/A.cs", "var now = System.DateTimeOffset.UtcNow;")]
    [InlineData("src/Holdfast.Log/A.cs", "Console.WriteLine();")]
    [InlineData("src/Holdfast.Log/A.cs", "System.Console.Out.Flush();")]
    [InlineData("src/Holdfast.Server/A.cs", "throw new Exception(\"x\");")]
    [InlineData("src/Holdfast.Log/A.cs", "var x = y ?? throw new System.Exception(\"x\");")]
    [InlineData("tests/Any/A.cs", "throw new Exception();")]
    [InlineData("src/Holdfast.Api/A.cs", "var isName = Regex.IsMatch(text, pattern);")]
    public void A_banned_call_is_found(string path, string statement)
        => Assert.Single(BannedCallRule.Check(new SourceFile(path, $"class A {{ async Task Run() {{\n{statement}\n}} }}\n")), finding => finding.Line == 2);

    [Theory]
    [InlineData("src/Holdfast.Log/A.cs", "await Task.Delay(span, timeProvider);")]
    [InlineData("src/Holdfast.Server/A.cs", "var now = DateTime.UtcNow; Console.WriteLine();")]
    [InlineData("src/Holdfast.Log/A.cs", "long start = Stopwatch.GetTimestamp();")]
    [InlineData("src/Holdfast.Log/A.cs", "throw new InvalidDataException(\"x\");")]
    [InlineData("src/Holdfast.Status/A.cs", "var isMailbox = Regex.IsMatch(text, pattern);")]
    [InlineData("tests/Any/A.cs", "// Task.Delay is banned\nstring text = \"Thread.Sleep(1)\";")]
    public void What_is_allowed_there_passes(string path, string statement)
        => Assert.Empty(BannedCallRule.Check(new SourceFile(path, $"class A {{ async Task Run() {{\n{statement}\n}} }}\n")));
}
