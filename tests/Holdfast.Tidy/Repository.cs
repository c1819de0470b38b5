using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Holdfast.Tidy.Rules;

namespace Holdfast.Tidy;

/// <summary>The repository that these tests were built from.</summary>
public static class Repository
{
    private static readonly string[] GeneratedFolders = ["bin", "obj", "artifacts", "node_modules", "data", "TestResults", "BenchmarkDotNet.Artifacts"];

    private static readonly string[] TextEndings =
        [".cs", ".csproj", ".props", ".targets", ".slnx", ".json", ".md", ".sh", ".yml", ".yaml", ".txt", ".js", ".mjs", ".py", ".conf", ".proto", ".sql", ".html", ".css"];

    private static readonly Lazy<IReadOnlyList<SourceFile>> AllFiles = new(() => [.. Enumerate(Root!).OrderBy(file => file.Path, StringComparer.Ordinal)]);

    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every text file that people write.</summary>
    public static IReadOnlyList<SourceFile> Files => AllFiles.Value;

    /// <summary>The C# files.</summary>
    public static IEnumerable<SourceFile> CSharpFiles => Files.Where(file => file.IsCSharp);

    /// <summary>The text of one file.</summary>
    /// <param name="path">Relative to the root.</param>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>What the built assemblies of src/ refer to.</summary>
    public static IEnumerable<References> BuiltAssemblies()
    {
        foreach (string project in Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            string name = Path.GetFileNameWithoutExtension(project);
            string assembly = name == "Holdfast.Server" ? "holdfast" : name;
            using var reader = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
            MetadataReader metadata = reader.GetMetadataReader();
            yield return new References(name, [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))]);
        }
    }

    private static IEnumerable<SourceFile> Enumerate(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder).Where(IsText))
        {
            yield return new SourceFile(Path.GetRelativePath(Root, path).Replace('\\', '/'), File.ReadAllText(path));
        }

        foreach (string child in Directory.EnumerateDirectories(folder))
        {
            string name = Path.GetFileName(child);
            bool hidden = name.StartsWith('.') && name != ".ci";
            if (!hidden && !GeneratedFolders.Contains(name))
            {
                foreach (SourceFile file in Enumerate(child))
                {
                    yield return file;
                }
            }
        }
    }

    private static bool IsText(string path)
    {
        string name = Path.GetFileName(path);
        return TextEndings.Contains(Path.GetExtension(name)) || name is "holdfast" or "test" or "run" or ".editorconfig" or ".gitignore";
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Holdfast.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Holdfast.slnx is in no folder above the test program.");
    }
}
