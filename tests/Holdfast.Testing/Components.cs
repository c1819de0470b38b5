using System.Diagnostics;

namespace Holdfast.Testing;

/// <summary>Programs that tests use and did not write.</summary>
public static class Components
{
    /// <summary>Fails the test when a component is missing, with the command that installs it.</summary>
    /// <param name="installation">The command that installs it.</param>
    /// <param name="program">A program that succeeds when the component is there.</param>
    /// <param name="arguments">Its arguments.</param>
    public static void Require(string installation, string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.WaitForExit();
            if (process.ExitCode == 0)
            {
                return;
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // Not there: said below.
        }

        Assert.Fail($"'{program} {string.Join(' ', arguments)}' does not work here. Install it: {installation}");
    }
}
