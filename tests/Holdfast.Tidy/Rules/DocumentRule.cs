using System.Xml.Linq;

namespace Holdfast.Tidy.Rules;

/// <summary>Documents that must keep up with the build files.</summary>
public static class DocumentRule
{
    /// <summary>Every package has its reason in the decision record.</summary>
    /// <param name="packages">The text of Directory.Packages.props.</param>
    /// <param name="record">The text of the decision record.</param>
    public static IEnumerable<Finding> CheckPackages(string packages, string record)
        => XDocument.Parse(packages).Descendants("PackageVersion")
            .Select(element => element.Attribute("Include")?.Value ?? "")
            .Where(name => !record.Contains($"`{name}`", StringComparison.Ordinal))
            .Select(name => new Finding("docs/adr/0002-dependencies.md", 1, $"does not say why `{name}` is needed."));

    /// <summary>The changelog has an entry for the version that is built.</summary>
    /// <param name="properties">The text of Directory.Build.props.</param>
    /// <param name="changelog">The text of CHANGELOG.md.</param>
    public static IEnumerable<Finding> CheckChangelog(string properties, string changelog)
    {
        string version = XDocument.Parse(properties).Descendants("Version").Single().Value;
        if (!changelog.Split('\n').Any(line => line.StartsWith($"## {version}", StringComparison.Ordinal)))
        {
            yield return new Finding("CHANGELOG.md", 1, $"has no entry '## {version}'.");
        }
    }
}
