using System.Diagnostics;

namespace Holdfast.Server.Drill.Lab;

/// <summary>Runs a short command and waits for it.</summary>
internal static class LabCommand
{
    /// <summary>Runs a command.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="LabException">It failed.</exception>
    public static async Task<string> RunAsync(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new LabException($"'{string.Join(' ', command)}' failed: {(await errors).Trim()}");
    }
}
