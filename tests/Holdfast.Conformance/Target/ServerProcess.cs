using System.Diagnostics;

namespace Holdfast.Conformance.Target;

/// <summary>The built server as a process of its own, on a directory of its own.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const string MqttListener = "listening mqtt://";
    private const string AssemblyVariable = "HOLDFAST_SERVER_DLL";
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("holdfast-conformance-");
    private readonly Process _process;

    private ServerProcess(string assembly)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { assembly, "serve", "--data", _data.FullName, "--listen", "mqtt://127.0.0.1:0", "--listen", "http://127.0.0.1:0" },
        };
        _process = Process.Start(start) ?? throw new InvalidOperationException("The server could not be started.");
    }

    /// <summary>Where it takes MQTT connections.</summary>
    public Uri Listener { get; private set; } = null!;

    /// <summary>Starts the server and waits until it says that it is ready.</summary>
    public static async Task<ServerProcess> StartAsync()
    {
        var assembly = Environment.GetEnvironmentVariable(AssemblyVariable)
            ?? Path.Combine(RepositoryRoot(), "src", "Holdfast.Server", "bin", "Release", "net10.0", "holdfast.dll");
        if (!File.Exists(assembly))
        {
            throw new FileNotFoundException($"The server is not built; build src/Holdfast.Server in Release, or name its assembly in {AssemblyVariable}.", assembly);
        }

        var server = new ServerProcess(assembly);
        try
        {
            await server.WaitUntilReadyAsync();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _data.Delete(recursive: true);
    }

    private async Task WaitUntilReadyAsync()
    {
        using var deadline = new CancellationTokenSource(StartDeadline);
        var errors = DrainAsync(_process.StandardError);
        while (await _process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.StartsWith(MqttListener, StringComparison.Ordinal))
            {
                Listener = new Uri(line["listening ".Length..]);
            }

            if (line == "ready")
            {
                _ = DrainAsync(_process.StandardOutput);
                return;
            }
        }

        throw new InvalidOperationException("The server ended before it was ready: " + await errors);
    }

    /// <summary>Keeps the pipe from filling.</summary>
    private static Task<string> DrainAsync(StreamReader output) => Task.Run(() => output.ReadToEndAsync());

    private static string RepositoryRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Holdfast.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new DirectoryNotFoundException("Holdfast.slnx is in no directory above the test.");
    }
}
