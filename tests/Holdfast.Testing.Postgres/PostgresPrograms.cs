using System.Diagnostics;

namespace Holdfast.Testing.Postgres;

/// <summary>The programs of the newest PostgreSQL that is installed. They refuse to run as root, so root runs them as another user.</summary>
public static class PostgresPrograms
{
    private const string ServiceUser = "postgres";

    private static readonly string Folder = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(name => int.Parse(Path.GetFileName(name), System.Globalization.CultureInfo.InvariantCulture)).First() + "/bin"
        : throw new InvalidOperationException("PostgreSQL is not installed; ./test installs it (package postgresql).");

    /// <summary>Makes a directory that the server's user owns.</summary>
    public static string MakeDirectory()
    {
        var path = Directory.CreateTempSubdirectory("holdfast-postgres-").FullName;
        if (Environment.IsPrivilegedProcess)
        {
            RunProgram("chown", [ServiceUser, path]);
        }

        return path;
    }

    /// <summary>Runs a program of PostgreSQL to its end.</summary>
    public static string Run(string program, params string[] arguments)
    {
        var (file, all) = Command(program, arguments);
        return RunProgram(file, all);
    }

    /// <summary>Starts a program of PostgreSQL.</summary>
    public static Process Start(string program, string logFile, params string[] arguments)
    {
        var (file, all) = Command(program, arguments);
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1", logFile, file, .. all]);
        return Process.Start(start)!;
    }

    /// <summary>Sends a signal.</summary>
    public static void Signal(string signal, int process) => RunProgram("kill", ["-" + signal, process.ToString(System.Globalization.CultureInfo.InvariantCulture)]);

    private static (string File, string[] Arguments) Command(string program, string[] arguments)
    {
        var path = Path.Combine(Folder, program);
        return Environment.IsPrivilegedProcess ? ("setpriv", [$"--reuid={ServiceUser}", $"--regid={ServiceUser}", "--clear-groups", "--", path, .. arguments]) : (path, arguments);
    }

    private static string RunProgram(string file, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors.Result}{output}");
    }
}
