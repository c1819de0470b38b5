using System.Diagnostics;

namespace Holdfast.Server.Drill.Lab;

/// <summary>
/// A process beside this one that cleans up when this one has ended, whatever ended it: it waits for the end of its input, then kills every process
/// below the laboratory's directory, deletes its network and its files.
/// </summary>
internal sealed class LabJanitor : IAsyncDisposable
{
    private const string Script = """
        trap '' INT TERM HUP QUIT
        lab=$1 network=$2
        cat >/dev/null
        each() {
            for process in /proc/[0-9]*; do
                case $(readlink "$process/cwd" 2>/dev/null) in
                    "$lab" | "$lab"/* | "$lab "*) kill -"$1" "${process#/proc/}" 2>/dev/null && found=1 ;;
                esac
            done
        }
        # PostgreSQL gives its shared memory back when it is asked first.
        each CONT; each QUIT; sleep 0.5
        for round in 1 2 3 4 5 6 7 8 9 10; do
            found=
            each KILL
            [ -n "$found" ] || break
            sleep 0.1
        done
        if [ -n "$network" ]; then
            ip netns list | cut -d' ' -f1 | grep "^$network-" | while read -r namespace; do ip netns delete "$namespace"; done
            ip link delete "$network" 2>/dev/null
        fi
        rm -rf "$lab"
        """;

    private readonly Process _process;

    private LabJanitor(Process process) => _process = process;

    /// <summary>Starts it.</summary>
    /// <param name="directory">The laboratory's directory.</param>
    /// <param name="network">The name of its bridge, with which the names of its namespaces begin; empty for none.</param>
    public static LabJanitor Start(string directory, string network)
        => new(Process.Start(new ProcessStartInfo("setsid", ["sh", "-c", Script, "holdfast-lab-janitor", directory, network])
        {
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        })!);

    /// <summary>Has it clean up, and waits until it has.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
