using System.Diagnostics;
using System.Globalization;

namespace Holdfast.WebhookBench;

/// <summary>A <see cref="Receiver"/> in a process of its own: the ends of ten thousand connections are more open files than one process may have.</summary>
internal sealed class ReceiverProcess : IDisposable
{
    /// <summary>The argument that makes a process of this program one.</summary>
    public const string Argument = "receiver";

    private readonly Process _process;

    private ReceiverProcess(Process process, string url) => (_process, Url) = (process, url);

    public string Url { get; }

    public static async Task<ReceiverProcess> StartAsync(TimeSpan pause, int bufferBytes)
    {
        string[] arguments = [Argument, pause.TotalMilliseconds.ToString(CultureInfo.InvariantCulture), bufferBytes.ToString(CultureInfo.InvariantCulture)];
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        var url = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The receiver has not started.");
        return new ReceiverProcess(process, url);
    }

    /// <summary>The process itself: serves until its standard input ends.</summary>
    /// <param name="arguments">How long it takes to answer, in milliseconds; what each connection reads at a time, in bytes.</param>
    public static async Task RunAsync(string[] arguments)
    {
        using var receiver = new Receiver(
            TimeSpan.FromMilliseconds(int.Parse(arguments[0], CultureInfo.InvariantCulture)), int.Parse(arguments[1], CultureInfo.InvariantCulture));
        Console.WriteLine(receiver.Url);
        await Console.In.ReadToEndAsync();
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
