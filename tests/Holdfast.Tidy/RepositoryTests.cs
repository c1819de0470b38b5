using Holdfast.Tidy.Rules;

namespace Holdfast.Tidy;

/// <summary>The rules of the house, on the whole repository.</summary>
public sealed class RepositoryTests
{
    private static readonly Dictionary<(string Rule, string Path), int> Tolerated = Exceptions.Parse(Repository.Read("tests/Holdfast.Tidy/exceptions.txt"));

    [Fact]
    public void The_rules_see_the_repository()
    {
        Assert.Contains(Repository.Files, file => file.Path == "src/Holdfast.Server/Program.cs");
        Assert.Contains(Repository.Files, file => file.Path == "test");
        Assert.Contains(Repository.Files, file => file.Path == "tests/Holdfast.Tidy/RepositoryTests.cs");
        Assert.DoesNotContain(Repository.Files, file => file.Path.Contains("/obj/", StringComparison.Ordinal));
    }

    [Fact]
    public void No_file_is_longer_than_500_lines()
        => Hold("file-length", Repository.Files.Where(IsCode).SelectMany(LengthRule.CheckFile));

    [Fact]
    public void No_method_is_longer_than_70_lines()
        => Hold("method-length", Repository.CSharpFiles.SelectMany(LengthRule.CheckMethods));

    [Fact]
    public void No_banned_call_is_made()
        => Hold("banned-call", Repository.CSharpFiles.SelectMany(BannedCallRule.Check));

    [Fact]
    public void Nothing_is_left_unfinished()
        => Hold("unfinished", Repository.Files.SelectMany(TextRule.CheckUnfinished));

    [Fact]
    public void No_path_of_one_machine_is_named()
        => Hold("machine-path", Repository.Files.Where(file => !file.Path.StartsWith("tests/Holdfast.Tidy/", StringComparison.Ordinal)).SelectMany(TextRule.CheckMachinePaths));

    [Fact]
    public void Lines_end_cleanly()
        => Hold("white-space", Repository.Files.SelectMany(TextRule.CheckWhitespace));

    [Fact]
    public void Project_files_keep_the_direction_of_dependencies()
        => Hold("project-reference", Repository.Files
            .Where(file => file.SourceProject is not null && file.Path.EndsWith(".csproj", StringComparison.Ordinal))
            .SelectMany(file => DependencyRule.Check(DependencyRule.Read(file), file.Path)));

    [Fact]
    public void Built_assemblies_keep_the_direction_of_dependencies()
    {
        References[] assemblies = [.. Repository.BuiltAssemblies()];
        Assert.Contains(assemblies, assembly => assembly.Project == "Holdfast.Server" && assembly.Names.Contains("System.Runtime"));
        Hold("assembly-reference", assemblies.SelectMany(assembly => DependencyRule.Check(assembly, assembly.Project)));
    }

    [Fact]
    public void Every_package_has_its_reason()
        => Hold("package", DocumentRule.CheckPackages(Repository.Read("Directory.Packages.props"), Repository.Read("docs/adr/0002-dependencies.md")));

    [Fact]
    public void The_changelog_has_an_entry_for_this_version()
        => Hold("changelog", DocumentRule.CheckChangelog(Repository.Read("Directory.Build.props"), Repository.Read("CHANGELOG.md")));

    private static bool IsCode(SourceFile file) => !file.Path.EndsWith(".md", StringComparison.Ordinal) && !file.Path.EndsWith("package-lock.json", StringComparison.Ordinal);

    private static void Hold(string rule, IEnumerable<Finding> findings)
    {
        IReadOnlyList<string> complaints = Exceptions.Apply(rule, findings, Tolerated);
        Assert.True(complaints.Count == 0, string.Join('\n', complaints));
    }
}
