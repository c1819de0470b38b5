namespace Holdfast.Testing;

/// <summary>Where things lie in the source tree.</summary>
public static class Repository
{
    /// <summary>Names another build of the server.</summary>
    public const string ServerVariable = "HOLDFAST_SERVER_DLL";

    private const string ServerProject = "src/Holdfast.Server";
    private const string Server = "bin/Release/net10.0/publish/holdfast.dll";

    public static string Root { get; } = FindRoot();

    /// <summary>The server to test.</summary>
    public static string ServerDll { get; } = FindServer();

    public static string ServerDllIn(string root) => Path.Combine(root, ServerProject, Server);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Holdfast.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new DirectoryNotFoundException("No directory above the tests holds Holdfast.slnx.");
    }

    private static string FindServer()
    {
        var path = Environment.GetEnvironmentVariable(ServerVariable) ?? ServerDllIn(Root);
        return File.Exists(path) ? path : throw new FileNotFoundException($"Build the server first: dotnet build -c Release {ServerProject}", path);
    }
}
