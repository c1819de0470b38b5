using System.Diagnostics;

namespace Holdfast.Crash.Processes;

/// <summary>A small volume in memory, mounted at a directory (which takes root).</summary>
internal sealed class TemporaryVolume : IDisposable
{
    private const int BlockBytes = 1024 * 1024;

    private readonly string _path;

    public TemporaryVolume(string path, int megabytes)
    {
        _path = path;
        Directory.CreateDirectory(path);
        Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path);
    }

    private string Ballast => Path.Combine(_path, "ballast");

    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", _path);

    /// <summary>Fills the volume until so much room is left.</summary>
    public void Fill(int megabytesLeft)
    {
        var volume = new DriveInfo(_path);
        using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[BlockBytes];
        try
        {
            while (volume.AvailableFreeSpace > (long)megabytesLeft * BlockBytes)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // The last bytes are gone: full is full.
        }
    }

    /// <summary>Makes room again.</summary>
    public void Relieve() => File.Delete(Ballast);

    public void Dispose() => Run("umount", "--lazy", _path);

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command} failed (it takes root): {error}");
        }
    }
}
