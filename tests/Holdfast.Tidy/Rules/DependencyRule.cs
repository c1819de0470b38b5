using System.Xml.Linq;

namespace Holdfast.Tidy.Rules;

/// <summary>What a project refers to: projects, packages, frameworks or assemblies, by name.</summary>
/// <param name="Project">The project.</param>
/// <param name="Names">What it refers to.</param>
public sealed record References(string Project, IReadOnlyList<string> Names);

/// <summary>The direction of knowledge between the projects of src/ (docs/architecture.md).</summary>
public static class DependencyRule
{
    // What each project may know of ours; what those may know, it may know too.
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        ["Holdfast.Mqtt"] = [],
        ["Holdfast.Log"] = [],
        ["Holdfast.Log.Postgres"] = ["Holdfast.Log"],
        ["Holdfast.Broker"] = ["Holdfast.Mqtt", "Holdfast.Log"],
        ["Holdfast.Transport"] = ["Holdfast.Broker"],
        ["Holdfast.Cluster"] = ["Holdfast.Broker", "Holdfast.Log", "Holdfast.Log.Postgres"],
        ["Holdfast.Integrations"] = ["Holdfast.Broker", "Holdfast.Log"],
        ["Holdfast.Api"] = ["Holdfast.Broker", "Holdfast.Log"],
        ["Holdfast.Status"] = [],
        ["Holdfast.Device"] = [],
        ["Holdfast.Server"] =
        [
            "Holdfast.Mqtt", "Holdfast.Log", "Holdfast.Log.Postgres", "Holdfast.Broker", "Holdfast.Transport", "Holdfast.Cluster",
            "Holdfast.Integrations", "Holdfast.Api", "Holdfast.Status", "Holdfast.Device",
        ],
    };

    private static readonly string[] MayKnowAspNet = ["Holdfast.Transport", "Holdfast.Api", "Holdfast.Status", "Holdfast.Server"];

    // A package of interfaces, without a server, in which Orleans describes its connections.
    private const string OrleansNetwork = "Microsoft.AspNetCore.Connections.Abstractions";
    private static readonly string[] MayKnowOrleans = ["Holdfast.Cluster", "Holdfast.Server"];

    /// <summary>Checks what a project, or its assembly, refers to.</summary>
    /// <param name="references">The project and the names.</param>
    /// <param name="path">Where to point to.</param>
    public static IEnumerable<Finding> Check(References references, string path)
    {
        if (!MayKnow.ContainsKey(references.Project))
        {
            yield return new Finding(path, 1, $"{references.Project} is not in the layout; give it a place in docs/architecture.md and in this rule.");
            yield break;
        }

        HashSet<string> allowed = Closure(references.Project);
        foreach (string name in references.Names)
        {
            if (name.StartsWith("Holdfast.", StringComparison.Ordinal) && !allowed.Contains(name))
            {
                yield return new Finding(path, 1, $"{references.Project} must not know {name}.");
            }

            bool network = name == OrleansNetwork && MayKnowOrleans.Contains(references.Project);
            if (name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) && !network && !MayKnowAspNet.Contains(references.Project))
            {
                yield return new Finding(path, 1, $"{references.Project} must not know ASP.NET ({name}).");
            }

            bool orleans = name.StartsWith("Orleans", StringComparison.Ordinal) || name.StartsWith("Microsoft.Orleans", StringComparison.Ordinal);
            if (orleans && !MayKnowOrleans.Contains(references.Project))
            {
                yield return new Finding(path, 1, $"{references.Project} must not know Orleans ({name}).");
            }
        }
    }

    /// <summary>Reads a project file.</summary>
    /// <param name="file">A csproj.</param>
    public static References Read(SourceFile file)
    {
        string[] items = ["ProjectReference", "PackageReference", "FrameworkReference"];
        IEnumerable<string> names = XDocument.Parse(file.Text).Descendants()
            .Where(element => items.Contains(element.Name.LocalName))
            .Select(element => element.Attribute("Include")?.Value ?? "")
            .Select(include => include.EndsWith(".csproj", StringComparison.Ordinal) ? Path.GetFileNameWithoutExtension(include.Replace('\\', '/')) : include);
        return new References(Path.GetFileNameWithoutExtension(file.Path), [.. names]);
    }

    private static HashSet<string> Closure(string project)
    {
        var known = new HashSet<string>();
        var waiting = new Queue<string>(MayKnow[project]);
        while (waiting.TryDequeue(out string? next))
        {
            if (known.Add(next))
            {
                Array.ForEach(MayKnow[next], waiting.Enqueue);
            }
        }

        return known;
    }
}
