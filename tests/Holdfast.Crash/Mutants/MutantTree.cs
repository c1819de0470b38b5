using System.Diagnostics;

namespace Holdfast.Crash.Mutants;

/// <summary>A copy of the source tree, in which one mutant at a time is built.</summary>
public sealed class MutantTree : IDisposable
{
    private static readonly string[] Roots = ["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "Holdfast.slnx"];
    private static readonly string[] BuildOutput = ["bin", "obj"];

    private readonly string _root = Directory.CreateTempSubdirectory("holdfast-mutants-").FullName;

    public MutantTree()
    {
        foreach (var file in Roots)
        {
            File.Copy(Path.Combine(Repository.Root, file), Path.Combine(_root, file));
        }

        Copy(new DirectoryInfo(Path.Combine(Repository.Root, "src")), Path.Combine(_root, "src"));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Builds the server with the mutant in it; the tree is whole again afterwards.</summary>
    /// <returns>The server.</returns>
    internal async Task<string> BuildAsync(Mutant mutant)
    {
        try
        {
            foreach (var edit in mutant.Edits)
            {
                Apply(edit);
            }

            await BuildAsync();
            return Repository.ServerDllIn(_root);
        }
        finally
        {
            foreach (var edit in mutant.Edits)
            {
                File.Copy(Path.Combine(Repository.Root, edit.File), Path.Combine(_root, edit.File), overwrite: true);
                File.SetLastWriteTimeUtc(Path.Combine(_root, edit.File), DateTime.UtcNow);
            }
        }
    }

    private static void Copy(DirectoryInfo source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in source.EnumerateFiles())
        {
            file.CopyTo(Path.Combine(target, file.Name));
        }

        foreach (var directory in source.EnumerateDirectories().Where(directory => !BuildOutput.Contains(directory.Name)))
        {
            Copy(directory, Path.Combine(target, directory.Name));
        }
    }

    private void Apply(Edit edit)
    {
        var path = Path.Combine(_root, edit.File);
        var text = File.ReadAllText(path);
        var parts = text.Split(edit.Original);
        if (parts.Length != 2)
        {
            throw new InvalidOperationException($"{edit.File} holds this {parts.Length - 1} times; bring the mutant up to date:\n{edit.Original}");
        }

        File.WriteAllText(path, string.Join(edit.Replacement, parts));
    }

    private async Task BuildAsync()
    {
        string[] arguments = ["build", Path.Combine(_root, "src", "Holdfast.Server"), "-c", "Release", "-p:RunAnalyzers=false", "-p:GenerateDocumentationFile=false", "-nologo", "-v:q"];
        using var build = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        if (build.ExitCode != 0)
        {
            throw new InvalidOperationException($"The mutant does not build.\n{output}");
        }
    }
}
