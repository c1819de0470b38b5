using Holdfast.Tidy.Rules;

namespace Holdfast.Tidy.SelfTests;

public sealed class DocumentRuleTests
{
    private const string Packages = """<Project><ItemGroup><PackageVersion Include="A.B" /><PackageVersion Include="C" /></ItemGroup></Project>""";
    private const string Properties = "<Project><PropertyGroup><Version>1.2.3</Version></PropertyGroup></Project>";

    [Fact]
    public void A_package_without_a_reason_is_found()
    {
        Finding finding = Assert.Single(DocumentRule.CheckPackages(Packages, "`C` does c; A.B is only mentioned"));
        Assert.Contains("A.B", finding.Message, StringComparison.Ordinal);
        Assert.Empty(DocumentRule.CheckPackages(Packages, "`C`, `A.B`"));
    }

    [Fact]
    public void A_version_without_an_entry_is_found()
    {
        Assert.Single(DocumentRule.CheckChangelog(Properties, "# Changelog\n## 1.2.2\nsince 1.2.3\n"));
        Assert.Empty(DocumentRule.CheckChangelog(Properties, "# Changelog\n## 1.2.3 (unreleased)\n"));
    }
}
